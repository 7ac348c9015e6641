import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { onExit } from "./exit.ts";

export interface Outcome {
  /** The exit code; 127 where the command could not be started, 128 where a signal ended it. */
  readonly code: number;
  /** stdout and stderr, as they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What ends the command where we end before it; else SIGTERM. */
  readonly endWith?: NodeJS.Signals;
}

/** Runs a command to its end, without input. Never rejects: what went wrong is in the outcome. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const release = onExit(() => child.kill(options.endWith));
    let output = "";
    const collect = (chunk: string) => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    const settle = (code: number) => {
      release();
      resolve({ code, output });
    };
    child.on("error", (error) => {
      output += `cannot start ${command}: ${error.message}\n`;
      settle(127);
    });
    child.on("close", (code) => settle(code ?? 128));
  });
}

export interface Service {
  readonly child: ChildProcess;
  /** Ends the process by its id; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a process that stays, its output going to `logFile`. It ends with us, at the latest. */
export function startService(command: string, args: readonly string[], logFile: string): Service {
  const log = openSync(logFile, "a");
  const child = spawn(command, args, { stdio: ["ignore", log, log] });
  closeSync(log);
  // Nothing that these servers hold outlives them, so there is nothing to wait for.
  const kill = () => child.kill("SIGKILL");
  const release = onExit(kill);
  const gone = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("exit", () => resolve());
  });
  return {
    child,
    async stop() {
      kill();
      await gone;
      release();
    },
  };
}
