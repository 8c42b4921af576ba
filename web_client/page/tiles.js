// All tiles: who is shown, how large, and which size of picture that needs.
import { byId, make } from "./elements.js";
import { grid, layer, stage } from "./grid.js";
import { Tile } from "./tile.js";
import { t } from "./words.js";

/** @typedef {import("./tile.js").Shown} Shown */
/** @typedef {Map<string, {camera: 0 | 1 | 2 | null, screen: 0 | 1 | 2 | null}>} Watched */

export class Tiles {
  /** @param {(watched: Watched) => void} watch told whenever it changes what is shown how large @param {() => void} openPeople */
  constructor(watch, openPeople) {
    this.place = byId("tiles");
    this.watch = watch;
    this.watched = "";
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {Shown[]} */
    this.shown = [];
    this.pinned = "";
    /** @type {Map<string, number>} when somebody spoke last, ms */
    this.spoke = new Map();
    this.rest = make("button", { type: "button", class: "rest", hidden: true, click: openPeople });
    this.place.append(this.rest);
    new ResizeObserver(() => this.arrange()).observe(this.place);
    document.addEventListener("visibilitychange", () => this.arrange());
  }

  /** @param {Shown[]} shown cameras and screens, in their order; my own last */
  update(shown) {
    this.shown = shown;
    const keys = new Set(shown.map(key));
    for (const [old, tile] of this.tiles) {
      if (keys.has(old)) continue;
      tile.remove();
      this.tiles.delete(old);
    }
    if (!keys.has(this.pinned)) this.pinned = "";
    for (const each of shown) {
      if (each.speaking) this.spoke.set(each.id, Date.now());
      this.tileOf(each).update(each, this.pinned === key(each));
    }
    this.arrange();
  }

  /** @param {Shown} each */
  tileOf(each) {
    let tile = this.tiles.get(key(each));
    if (!tile) {
      tile = new Tile(each.id, each.kind, () => this.pin(key(each)));
      tile.video.addEventListener("resize", () => each.kind === "screen" && this.arrange());
      this.tiles.set(key(each), tile);
      this.place.append(tile.element);
    }
    return tile;
  }

  /** @param {string} which to make large, or small again */
  pin(which) {
    this.pinned = this.pinned === which ? "" : which;
    this.update(this.shown);
  }

  arrange() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (!this.shown.length || !width || !height) return this.tell(new Map());
    const main = this.shown.find((each) => key(each) === this.pinned) ?? this.shown.filter((each) => each.kind === "screen").pop();
    const others = this.shown.filter((each) => each !== main);
    const rects = main ? stage(others.length, width, height, this.ratio(main)) : grid(others.length, width, height);
    const standing = this.standing(others, rects.length - (main ? 1 : 0));
    this.put(main ? [main, ...standing] : standing, rects);
    this.count(others.length - standing.length, rects);
    this.tell(this.sizes());
  }

  /**
   * A screen is seen whole; a face may be cut.
   *
   * @param {Shown} main
   */
  ratio(main) {
    if (main.kind !== "screen") return 0;
    const { videoWidth, videoHeight } = this.tileOf(main).video;
    return videoWidth && videoHeight ? videoWidth / videoHeight : 16 / 9;
  }

  /**
   * Who is seen where not all fit: I, screens, and who spoke last; the last place counts the rest.
   * @param {Shown[]} all @param {number} places
   */
  standing(all, places) {
    if (all.length <= places) return all;
    /** @param {Shown} each */
    const rank = (each) => (each.id === "me" || each.kind === "screen" ? Infinity : (this.spoke.get(each.id) ?? 0) + (each.hand ? 1 : 0));
    const chosen = new Set([...all].sort((a, b) => rank(b) - rank(a)).slice(0, places - 1));
    return all.filter((each) => chosen.has(each));
  }

  /** @param {Shown[]} standing @param {import("./grid.js").Rect[]} rects */
  put(standing, rects) {
    for (const tile of this.tiles.values()) tile.element.hidden = true;
    standing.forEach((each, index) => this.tileOf(each).place(rects[index]));
  }

  /** @param {number} missing how many are not seen @param {import("./grid.js").Rect[]} rects */
  count(missing, rects) {
    this.rest.hidden = missing <= 0;
    if (missing <= 0) return;
    this.rest.textContent = t("{count} more", { count: missing });
    const { left, top, width, height } = rects[rects.length - 1];
    Object.assign(this.rest.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  }

  /** @returns {Watched} */
  sizes() {
    const watched = /** @type {Watched} */ (new Map());
    for (const each of this.shown) {
      if (each.id === "me") continue;
      const { element } = this.tileOf(each);
      const seen = !element.hidden && !document.hidden;
      const sizes = watched.get(each.id) ?? { camera: null, screen: null };
      sizes[each.kind === "screen" ? "screen" : "camera"] = seen ? layer(parseFloat(element.style.width)) : null;
      watched.set(each.id, sizes);
    }
    return watched;
  }

  /** @param {Watched} watched */
  tell(watched) {
    const said = JSON.stringify([...watched]);
    if (said === this.watched) return;
    this.watched = said;
    this.watch(watched);
  }

  /** After a reconnection everything is told anew. */
  forget() {
    this.watched = "";
    this.arrange();
  }

  /** @param {string} id @param {string} emoji */
  react(id, emoji) {
    this.tiles.get(`${id} camera`)?.react(emoji);
  }
}

/** @param {Shown} each */
function key(each) {
  return `${each.id} ${each.kind}`;
}
