// A clock that stands until it is told to go on.

export class FakeClock {
  time = 1_000_000;
  /** @type {{ at: number, work: () => void }[]} */
  timers = [];
  random = () => 1;
  now = () => this.time;

  after = (ms, work) => {
    const timer = { at: this.time + ms, work };
    this.timers.push(timer);
    return timer;
  };

  cancel = (timer) => {
    this.timers = this.timers.filter((other) => other !== timer);
  };

  /** Time passes; what is due happens, in its order. */
  pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (!next) break;
      this.cancel(next);
      this.time = Math.max(this.time, next.at);
      next.work();
    }
    this.time = end;
  }
}

/** How many operations of WebCrypto are under way: they happen on other threads, however long that takes. */
let running = 0;
const { prototype } = globalThis.SubtleCrypto;
for (const name of ["encrypt", "decrypt", "sign", "verify", "deriveBits", "generateKey", "importKey", "exportKey"]) {
  const original = prototype[name];
  prototype[name] = function counted(...given) {
    running += 1;
    return original.apply(this, given).finally(() => (running -= 1));
  };
}

const QUIET = 5; // turns of the loop

/** Until everything that waits for nothing but itself has happened. */
export async function settled() {
  for (let quiet = 0; quiet < QUIET; quiet = running > 0 ? 0 : quiet + 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
