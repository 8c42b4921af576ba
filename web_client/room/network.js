/** Tells when this computer or phone is on another network, so that nobody waits for the old one to be given up. */

/** @param {() => void} changed @returns {() => void} stops that */
export function followNetwork(changed) {
  const connection = globalThis.navigator?.connection;
  let type = connection?.type;
  const another = () => {
    if (connection?.type === type) return; // its estimates of the speed change all the time
    type = connection?.type;
    changed();
  };
  globalThis.addEventListener?.("online", changed);
  connection?.addEventListener?.("change", another);
  return () => {
    globalThis.removeEventListener?.("online", changed);
    connection?.removeEventListener?.("change", another);
  };
}
