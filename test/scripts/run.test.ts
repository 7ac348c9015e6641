import { expect, it } from "vitest";
import { run } from "../../scripts/lib/run.ts";

it("gives the exit code and all output", async () => {
  const { code, output } = await run(process.execPath, [
    "-e",
    "console.log('out'); console.error('err'); process.exit(3)",
  ]);
  expect(code).toBe(3);
  expect(output).toContain("out\n");
  expect(output).toContain("err\n");
});

it("says what could not be started", async () => {
  const { code, output } = await run("no-such-command", []);
  expect(code).toBe(127);
  expect(output).toContain("cannot start no-such-command");
});

it("counts an end by a signal as a failure", async () => {
  const { code } = await run(process.execPath, ["-e", "process.kill(process.pid, 'SIGKILL')"]);
  expect(code).toBe(128);
});

it("gives a command no input to wait for", async () => {
  const { code } = await run(process.execPath, [
    "-e",
    "process.stdin.on('end', () => process.exit(5)).resume()",
  ]);
  expect(code).toBe(5);
});
