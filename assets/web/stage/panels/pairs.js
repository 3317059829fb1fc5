// Pairs: two views of the same validation samples, and the cosine of their embeddings at the cursor's epoch.

import { el, fixed, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { drawItem, drawMany, itemAt } from "../items.js"
import { momentOf } from "../store.js"
import { meanCosines, ownCosines } from "../views.js"

const PICTURE = 48

export default {
  id: "pairs",
  get title() {
    return tr("Pairs")
  },
  create(root) {
    const list = el("ul", { class: "views-pairs" })
    const body = el(
      "div",
      { class: "stage-scroll", tabindex: "0", role: "group", "aria-label": tr("Pairs of views") },
      list,
    )
    const sort = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "aria-pressed": "false",
        title: tr("Least similar first"),
        "data-testid": "pairs-sort",
        onclick: () => {
          sort.setAttribute("aria-pressed", String(!isSorted()))
          arrange()
        },
      },
      tr("least similar first"),
    )
    const isSorted = () => sort.getAttribute("aria-pressed") === "true"
    root.head.append(sort)
    root.body.append(body)
    let pairs = [],
      made = null,
      drawn = null,
      cosines = []

    function make(statics) {
      made = statics
      pairs = Array.from({ length: statics.view_one.shape[0] }, (_, tile) => createPair(statics, tile))
      list.dataset.wide = String(statics.shape.length < 2)
      list.replaceChildren(...pairs.map((pair) => pair.node))
    }

    function arrange() {
      const order = pairs.map((_, i) => i)
      if (isSorted()) order.sort((a, b) => cosines[a] - cosines[b])
      list.replaceChildren(...order.map((i) => pairs[i].node))
    }

    return {
      update(view) {
        if (!view.statics?.view_one || !view.frame?.similarity || view.frame === drawn) return
        if (made !== view.statics) make(view.statics)
        drawn = view.frame
        cosines = ownCosines(view.frame.similarity)
        pairs.forEach((pair, i) => pair.show(cosines[i]))
        if (isSorted()) arrange()
      },
      resize() {},
      destroy() {},
      summary(view) {
        if (!view.frame?.similarity) return tr("No pairs have been compared yet.")
        const found = ownCosines(view.frame.similarity),
          { own, others } = meanCosines(view.frame.similarity)
        return tr(
          "At {moment} the two views of a sample have a mean cosine of {own}, from {low} to {high}; views of different samples {others}.",
          {
            moment: momentOf(view.frame),
            own: fixed(own, 2),
            low: fixed(Math.min(...found), 2),
            high: fixed(Math.max(...found), 2),
            others: fixed(others, 2),
          },
        )
      },
    }
  },
}

function createPair(statics, tile) {
  const label = statics.tile_labels?.data[tile] ?? -1
  const name =
    label >= 0 && statics.classes.length
      ? statics.classes[label]
      : tr("Sample {number}", { number: tile + 1 })
  const value = el("b", {})
  const bar = el("i", {})
  const node = el(
    "li",
    { "data-testid": "pair" },
    el("div", { class: "views-two" }, ...drawViews(statics, tile)),
    el("span", { class: "views-name", title: name }, name),
    el("span", { class: "views-cosine", title: tr("Cosine of the two views' embeddings") }, bar, value),
  )
  return {
    node,
    show(cosine) {
      setText(value, fixed(cosine, 2))
      bar.style.setProperty("--share", Math.max(0, cosine).toFixed(3))
    },
  }
}

/** Pictures side by side, a table with both as columns, or the text, whose views differ by dropout alone. */
function drawViews(statics, tile) {
  const [one, two] = [itemAt(statics.view_one, tile), itemAt(statics.view_two, tile)]
  if (statics.shape.length > 1) return [one, two].map((bytes) => drawItem(statics, bytes, { size: PICTURE }))
  if (statics.kind === "text")
    return [el("p", {}, textOf(statics, tile) ?? tr("Dropout alone tells its views apart."))]
  return [
    drawMany(
      statics,
      [
        { bytes: one, label: tr("view 1") },
        { bytes: two, label: tr("view 2") },
      ],
      PICTURE,
    ),
  ]
}

/** The beginning of a tile's text, where the map has its row too. */
function textOf({ tile_rows, rows, texts }, tile) {
  const place = tile_rows && texts ? rows.data.indexOf(tile_rows.data[tile]) : -1
  return place < 0 ? null : texts[place]
}
