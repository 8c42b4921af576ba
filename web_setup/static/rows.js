// @ts-check
/** “Another row” without a trip to the server: the last row is copied, empty, with the next number. */

const rows = document.querySelector("[data-rows]");

/** @param {Element} row @param {number} number from 1 */
function renumber(row, number) {
  const field = row.querySelector("input");
  const label = row.querySelector("label");
  if (!field || !label) return;
  field.value = "";
  field.id = field.id.replace(/\d+$/, String(number - 1));
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
  field.removeAttribute("autofocus");
  row.querySelector(".wrong")?.remove();
  label.htmlFor = field.id;
  label.textContent = (label.textContent ?? "").replace(/\d+/, String(number));
}

document.querySelector("[data-adds-row]")?.addEventListener("click", (event) => {
  const last = rows?.lastElementChild;
  if (!rows || !last) return;
  event.preventDefault();
  const row = /** @type {Element} */ (last.cloneNode(true));
  renumber(row, rows.children.length + 1);
  rows.append(row);
  row.querySelector("input")?.focus();
});
