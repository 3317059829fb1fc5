// Similarity: cosines of all first views with all second views of the same samples, ordered by class.

import { el, fixed, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { drawCells, drawItem, itemAt } from "../items.js"
import { momentOf } from "../store.js"
import { meanCosines } from "../views.js"

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }

export default {
  id: "similarity",
  get title() {
    return tr("Similarity")
  },
  create(root) {
    const mark = el("i", { class: "views-mark", hidden: true })
    const cells = el("div", {
      class: "views-cells",
      tabindex: "0",
      role: "application",
      "data-testid": "similarity-cells",
    })
    const said = el("p", { class: "stage-note", "aria-live": "polite", "data-testid": "similarity-cell" })
    const scale = el("div", { class: "views-scale", "aria-hidden": "true" }, el("span", {}, "−1"))
    const two = el("div", { class: "views-two" })
    root.body.append(el("div", { class: "views-matrix" }, cells))
    root.foot.append(scale, said, two)
    let view = null,
      drawn = null,
      order = [],
      chosen = null // row and column on the screen

    function draw() {
      const size = view.frame.similarity.shape[0]
      const side = Math.max(120, Math.min(root.body.clientWidth, root.body.clientHeight) - 4)
      drawn = view.frame
      cells.style.width = `${side}px`
      cells.style.height = `${side}px`
      order = orderByClass(view.statics.tile_labels?.data ?? new Int32Array(size))
      const canvas = drawCells(reorder(view.frame.similarity, order), size, size, side, { low: -1, high: 1 })
      cells.replaceChildren(canvas, mark)
      cells.setAttribute(
        "aria-label",
        tr(
          "Cosines of the views of {count} samples at {moment}. Arrow keys move from cell to cell, Escape ends.",
          { count: size, moment: momentOf(view.frame) },
        ),
      )
      if (scale.childElementCount < 3) {
        const ramp = Float32Array.from({ length: 64 }, (_, i) => i / 63)
        scale.append(drawCells(ramp, 64, 1, 140), el("span", {}, "1"), el("span", {}, tr("cosine")))
      }
      tell()
    }

    function tell() {
      const { similarity } = view.frame,
        size = similarity.shape[0]
      mark.hidden = !chosen
      if (!chosen) {
        two.replaceChildren()
        setText(said, tr("Rows: first views. Columns: second views. Samples are ordered by class."))
        return
      }
      const [row, column] = chosen.map((place) => order[place])
      Object.assign(mark.style, {
        left: `${(100 * chosen[1]) / size}%`,
        top: `${(100 * chosen[0]) / size}%`,
        width: `${100 / size}%`,
        height: `${100 / size}%`,
      })
      setText(said, describeCell(view.statics, similarity, row, column))
      const { view_one, view_two, shape } = view.statics
      if (view_one && shape.length > 1)
        two.replaceChildren(
          drawItem(view.statics, itemAt(view_one, row), { size: 48 }),
          drawItem(view.statics, itemAt(view_two, column), { size: 48 }),
        )
    }

    cells.addEventListener("pointermove", (event) => {
      const box = cells.getBoundingClientRect(),
        size = view?.frame?.similarity?.shape[0]
      if (!size) return
      const at = (part) => Math.max(0, Math.min(size - 1, Math.floor(part * size)))
      chosen = [at((event.clientY - box.top) / box.height), at((event.clientX - box.left) / box.width)]
      tell()
    })
    cells.addEventListener("keydown", (event) => {
      const step = STEPS[event.key],
        size = view?.frame?.similarity?.shape[0]
      if (!size || (!step && event.key !== "Escape")) return
      event.preventDefault()
      event.stopPropagation()
      const inside = (value) => Math.max(0, Math.min(size - 1, value))
      if (!step) chosen = null
      else chosen = chosen ? chosen.map((value, i) => inside(value + step[i])) : [0, 0]
      tell()
    })

    return {
      update(next) {
        view = next
        if (view.frame?.similarity && view.statics && view.frame !== drawn) draw()
      },
      resize() {
        if (drawn) draw()
      },
      destroy() {},
      summary(next) {
        if (!next.frame?.similarity) return tr("No views have been compared yet.")
        const { own, others } = meanCosines(next.frame.similarity)
        return tr(
          "At {moment} the diagonal, views of one sample, has a mean cosine of {own}, everything else {others}. Samples are ordered by class: bright blocks on the diagonal are classes that were found without labels.",
          { moment: momentOf(next.frame), own: fixed(own, 2), others: fixed(others, 2) },
        )
      },
    }
  },
}

/** Places of tiles, those of one class side by side. @param {Int32Array} labels */
export const orderByClass = (labels) =>
  Array.from(labels, (_, i) => i).sort((a, b) => labels[a] - labels[b] || a - b)

/** A (T, T) matrix with rows and columns in another order. */
export function reorder({ shape: [size], data }, order) {
  return Float32Array.from(
    { length: size * size },
    (_, i) => data[order[Math.floor(i / size)] * size + order[i % size]],
  )
}

/** What a cell compares, and its cosine. */
export function describeCell(statics, similarity, row, column) {
  const name = (tile) => {
    const label = statics.tile_labels?.data[tile] ?? -1
    return label >= 0 && statics.classes.length
      ? tr("sample {number} ({name})", { number: tile + 1, name: statics.classes[label] })
      : tr("sample {number}", { number: tile + 1 })
  }
  const cosine = fixed(similarity.data[row * similarity.shape[0] + column], 2)
  return row === column
    ? tr("Both views of {sample}: cosine {cosine}", { sample: name(row), cosine })
    : tr("View 1 of {first}, view 2 of {second}: cosine {cosine}", {
        first: name(row),
        second: name(column),
        cosine,
      })
}
