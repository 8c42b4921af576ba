/** Time, so that tests can have another. */

/**
 * @typedef {object} Clock
 * @property {() => number} now milliseconds, also over a sleep of the computer
 * @property {(ms: number, work: () => void) => unknown} after what it returns cancels it
 * @property {(timer: unknown) => void} cancel
 * @property {() => number} random 0 to 1
 */

/** @type {Clock} */
export const realClock = {
  now: () => Date.now(),
  after: (ms, work) => setTimeout(work, ms),
  cancel: (timer) => clearTimeout(/** @type {number} */ (timer)),
  random: () => Math.random(),
};
