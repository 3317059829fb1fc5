// Does it copy? Each drawn image beside the training image that is nearest to it, and how far away that is.

import { el, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { itemAt, paintImage } from "../items.js"
import { momentOf } from "../store.js"
import { nameOf } from "./drawn.js"

const COPY = 0.3 // of the distance of real new images: nearer ones are marked

/** Distances to the nearest training image, as multiples of what real new images have. */
export function sharesOf(frame) {
  const usual = frame.words?.usual_distance || 1
  return Array.from(frame.nearest_distance.data, (distance) => distance / usual)
}

/** The middle value. */
export function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b),
    half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

export default {
  id: "copies",
  get title() {
    return tr("Does it copy?")
  },
  create(root) {
    const list = el("ul", { class: "views-pairs" })
    const sort = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "aria-pressed": "false",
        "data-testid": "copies-sort",
        onclick: () => {
          sort.setAttribute("aria-pressed", String(!isSorted()))
          arrange()
        },
      },
      tr("nearest first"),
    )
    const isSorted = () => sort.getAttribute("aria-pressed") === "true"
    root.head.append(sort)
    root.body.append(
      el(
        "div",
        {
          class: "stage-scroll",
          tabindex: "0",
          role: "group",
          "aria-label": tr("Images and the nearest training images"),
        },
        list,
      ),
    )
    let pairs = [],
      made = null,
      drawn = null,
      shares = []

    function make(statics, count) {
      made = statics
      const [h, w] = statics.shape
      pairs = Array.from({ length: count }, (_, tile) => {
        const [own, near] = [0, 1].map(() => el("canvas", { class: "made-small", width: w, height: h }))
        const value = el("b", {}),
          row = el("span", { class: "views-name" })
        const node = el(
          "li",
          { "data-testid": "copy", title: nameOf(statics, tile) },
          el("div", { class: "views-two" }, own, near),
          row,
          el("span", { class: "views-cosine" }, value),
        )
        return { node, own, near, value, row }
      })
    }

    function arrange() {
      const order = pairs.map((_, i) => i)
      if (isSorted()) order.sort((a, b) => shares[a] - shares[b])
      list.replaceChildren(...order.map((i) => pairs[i].node))
    }

    return {
      update({ statics, frame }) {
        if (!statics || !frame?.nearest || frame === drawn) return
        if (made !== statics) make(statics, frame.samples.shape[0])
        drawn = frame
        shares = sharesOf(frame)
        pairs.forEach(({ own, near, value, row, node }, i) => {
          paintImage(own, statics.shape, itemAt(frame.samples, i))
          paintImage(near, statics.shape, itemAt(frame.nearest, i))
          setText(value, `${shares[i].toFixed(2)}×`)
          setText(row, tr("row {row}", { row: frame.nearest_rows.data[i] }))
          node.classList.toggle("is-copy", shares[i] < COPY)
        })
        arrange()
      },
      resize() {},
      destroy() {},
      summary({ frame }) {
        if (!frame?.nearest) return tr("Nothing has been drawn yet.")
        const found = sharesOf(frame)
        return tr(
          "At {moment} the {count} images shown are {median} times as far from the nearest training image as real new images are (median); the nearest one {least} times.",
          {
            moment: momentOf(frame),
            count: found.length,
            median: medianOf(found).toFixed(2),
            least: Math.min(...found).toFixed(2),
          },
        )
      },
    }
  },
}
