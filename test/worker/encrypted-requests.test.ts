import { firstValueFrom, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { exposePort, wrapPort } from "../../src/comlink/port.ts";
import { TrunklineError, toErrorData } from "../../src/streams/errors.ts";
import { type VerificationPage, VerificationRequests } from "../../src/worker/encrypted-requests.ts";

/** A worker's end of what a page exposes, that answers with `verify`. */
function worker(requests: VerificationRequests, verify: (recoveryKey: string) => Promise<void> | void) {
  const { port1, port2 } = new MessageChannel();
  const serving = exposePort(port1, requests.exposed);
  const page = wrapPort<VerificationPage>(port2);
  const asked: string[] = [];
  const answer = async (recoveryKey: string) => {
    try {
      await verify(recoveryKey);
    } catch (error) {
      return toErrorData(error);
    }
    return undefined;
  };
  page
    .stream((far) => far.verificationRequests$)
    .subscribe({
      error: () => {},
      async next({ id, recoveryKey }) {
        asked.push(recoveryKey);
        const error = await answer(recoveryKey);
        await page.call((far) => far.answered(id, error)).catch(() => {});
      },
    });
  return {
    asked,
    report: (state: "unverified") => page.call((far) => far.verification(state)),
    die: () => serving.unsubscribe(),
  };
}

const never = () => new Promise<void>(() => {});
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe("a page that has its device verified", () => {
  it("gets the worker's answer, each its own", async () => {
    const requests = new VerificationRequests();
    const { die } = worker(requests, (key) => {
      if (key !== "right") throw new TrunklineError("invalid_option", "wrong");
    });
    const [right, wrong] = await Promise.allSettled([requests.verify("right"), requests.verify("wrong")]);
    expect(right.status).toBe("fulfilled");
    expect(wrong).toMatchObject({ reason: { code: "invalid_option", message: "wrong" } });
    die();
  });

  it("waits for a worker that has not started yet", async () => {
    const requests = new VerificationRequests();
    const verified = requests.verify("key");
    const { asked, die } = worker(requests, () => {});
    await verified;
    expect(asked).toEqual(["key"]);
    die();
  });

  it("rejects with worker_lost where the worker dies meanwhile, and does not ask the next one", async () => {
    const requests = new VerificationRequests();
    const first = worker(requests, never);
    const verified = requests.verify("key");
    await expect.poll(() => first.asked).toEqual(["key"]);
    first.die();
    await expect(verified).rejects.toEqual(code("worker_lost"));
    const second = worker(requests, () => {});
    await requests.verify("again");
    expect(second.asked).toEqual(["again"]);
    second.die();
  });

  it("ends with the half: what waits, what comes after, and the state", async () => {
    const requests = new VerificationRequests();
    const states = firstValueFrom(requests.verification$.pipe(toArray()));
    const { report, die } = worker(requests, never);
    await report("unverified");
    const verified = requests.verify("key");
    verified.catch(() => {});
    requests.end(new TrunklineError("storage_lost", "gone"));
    await expect(verified).rejects.toEqual(code("storage_lost"));
    await expect(requests.verify("key")).rejects.toEqual(code("storage_lost"));
    expect(await states).toEqual(["unverified"]);
    die();
  });
});
