// The screen stays on during a call, where the browser can do that.

/** @returns {() => void} let it sleep again */
export function stayAwake() {
  /** @type {{release(): Promise<void>} | null} */
  let lock = null;
  const ask = async () => {
    if (document.hidden) return;
    const wake = /** @type {{wakeLock?: {request(kind: string): Promise<{release(): Promise<void>}>}}} */ (/** @type {unknown} */ (navigator));
    lock = (await wake.wakeLock?.request("screen").catch(() => null)) ?? null;
  };
  document.addEventListener("visibilitychange", ask); // the browser takes it away from a hidden page
  void ask();
  return () => {
    document.removeEventListener("visibilitychange", ask);
    void lock?.release().catch(() => {});
  };
}
