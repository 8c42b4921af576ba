// What this browser keeps between visits. Storage may be forbidden (a private window, a foreign frame): then nothing is kept.

/** @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(`parlor.${key}`) ?? sessionStorage.getItem(`parlor.${key}`) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} key @param {string} value */
export function keep(key, value) {
  try {
    localStorage.setItem(`parlor.${key}`, value);
  } catch {
    // It is asked again next time.
  }
}

/** Keep it until this tab is closed. @param {string} key @param {string} value */
export function keepForTab(key, value) {
  try {
    sessionStorage.setItem(`parlor.${key}`, value);
  } catch {
    // It is asked again.
  }
}

/** @param {Uint8Array} bytes */
export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** 16 random bytes as 22 characters. */
export function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(16)));
}

/** The id by which all tabs of this browser are one visitor. */
export function browserId() {
  const known = recall("browser");
  if (/^[\w-]{22}$/.test(known)) return known;
  const fresh = random();
  keep("browser", fresh);
  return fresh;
}
