// The link to this room: copied, or handed to another app.
import { toast } from "./toasts.js";
import { t } from "./words.js";

/** @param {string} link */
export async function copyLink(link) {
  try {
    await navigator.clipboard.writeText(link);
    toast(t("The link is copied."));
  } catch {
    toast(t("The browser does not allow copying. Copy the address of this page."));
  }
}

/** @param {string} link @param {string} title */
export async function shareLink(link, title) {
  try {
    await navigator.share({ url: link, title });
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") await copyLink(link);
  }
}
