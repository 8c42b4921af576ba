// Elements made and found; whatever people typed only ever becomes a text node.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean | EventListener>} [properties] attributes; a function listens to the event of that name, false leaves out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** @param {string} name of a symbol in room.html, without `i-` */
export function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}

/**
 * Show another symbol in an element's icon.
 *
 * @param {Element} element
 * @param {string} name
 */
export function setIcon(element, name) {
  element.querySelector("use")?.setAttribute("href", `#i-${name}`);
}

/**
 * The element with this id, which room.html has.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`room.html has no #${id}`);
  return found;
}

/**
 * The dialog with this id, which closes by its button and by a click beside it.
 *
 * @param {string} id
 */
export function dialog(id) {
  const found = /** @type {HTMLDialogElement} */ (byId(id));
  if (!found.dataset.ready) {
    found.dataset.ready = "yes";
    found.querySelector(".close")?.addEventListener("click", () => found.close());
    found.addEventListener("click", (event) => {
      if (event.target === found) found.close();
    });
  }
  return found;
}

/**
 * A switch: pressed or not.
 *
 * @param {string} id
 * @param {boolean} on
 */
export function press(id, on) {
  byId(id).setAttribute("aria-pressed", String(on));
}

/**
 * Put this text into an element, and hide it while there is none.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

/**
 * Ask before something that cannot be undone.
 *
 * @param {string} question
 * @param {string} yes what the button says
 */
export function confirmed(question, yes) {
  const asking = dialog("confirm");
  byId("confirm-text").textContent = question;
  byId("confirm-yes").textContent = yes;
  return new Promise((resolve) => {
    const answer = new AbortController();
    /** @param {boolean} sure */
    const done = (sure) => {
      answer.abort();
      asking.close();
      resolve(sure);
    };
    byId("confirm-yes").addEventListener("click", () => done(true), { signal: answer.signal });
    byId("confirm-no").addEventListener("click", () => done(false), { signal: answer.signal });
    asking.addEventListener("close", () => done(false), { signal: answer.signal });
    asking.showModal();
  });
}
