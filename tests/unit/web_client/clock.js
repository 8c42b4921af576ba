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

/** Until everything that waits for nothing but itself has happened. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 25));
