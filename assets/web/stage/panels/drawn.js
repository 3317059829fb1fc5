// Drawn: what the same noise becomes at the cursor's epoch. A click chooses the image whose way is shown beside it.

import { el } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { itemAt, paintImage } from "../items.js"
import { momentOf } from "../store.js"

/** The class that a drawn image was asked to be of, or "" where none was asked for. */
export function askedOf(statics, tile) {
  const label = statics.tile_labels?.data[tile] ?? -1
  return label < 0 ? "" : (statics.classes[label] ?? String(label))
}

/** What a drawn image is called: its number, and its class. */
export function nameOf(statics, tile) {
  const name = askedOf(statics, tile)
  return name
    ? tr("Image {number}, {name}", { number: tile + 1, name })
    : tr("Image {number}", { number: tile + 1 })
}

/** The chosen image; the first one where none is chosen. */
export const chosenOf = (ctx, frame) =>
  Math.min(ctx.selection.first ?? 0, (frame.ways?.shape[1] ?? frame.samples.shape[0]) - 1)

export default {
  id: "drawn",
  get title() {
    return tr("Images it draws")
  },
  create(root, ctx) {
    const grid = el("div", { class: "made-grid", role: "group", "aria-label": tr("Images it draws") })
    root.body.append(el("div", { class: "stage-scroll" }, grid))
    let tiles = [],
      made = null,
      drawn = null

    function make(statics, count) {
      made = statics
      const [h, w] = statics.shape
      tiles = Array.from({ length: count }, (_, tile) => {
        const canvas = el("canvas", { width: w, height: h })
        const name = nameOf(statics, tile)
        const button = el(
          "button",
          {
            class: "made-tile",
            type: "button",
            title: name,
            "aria-label": name,
            "data-testid": "made-tile",
            onclick: () => ctx.selection.first !== tile && ctx.selection.set(tile),
          },
          canvas,
          el("span", {}, askedOf(statics, tile)),
        )
        return { button, canvas }
      })
      grid.replaceChildren(...tiles.map(({ button }) => button))
    }

    return {
      update({ statics, frame }) {
        if (!statics || !frame?.samples) return
        if (made !== statics) make(statics, frame.samples.shape[0])
        const chosen = chosenOf(ctx, frame)
        tiles.forEach(({ button, canvas }, tile) => {
          button.setAttribute("aria-pressed", String(tile === chosen))
          button.disabled = Boolean(frame.ways && tile >= frame.ways.shape[1])
          if (drawn !== frame) paintImage(canvas, statics.shape, itemAt(frame.samples, tile))
        })
        drawn = frame
      },
      resize() {},
      destroy() {},
      summary({ statics, frame, row }) {
        if (!frame?.samples || !statics) return tr("Nothing has been drawn yet.")
        const said = tr("At {moment} {count} images are drawn from the same noise as at every other epoch.", {
          moment: momentOf(frame),
          count: frame.samples.shape[0],
        })
        if (typeof row?.val_frechet !== "number") return said
        const far = tr("Their Fréchet distance is {distance}.", { distance: row.val_frechet.toFixed(2) })
        return `${said} ${far}`
      },
    }
  },
}
