// What the runs make of the same samples: side by side, and under a wipe.

import { brief, el, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { drawMany, itemAt, strip } from "../stage/items.js"
import { isEqual } from "./align.js"
import { createWipe } from "./wipe.js"

const SIZE = 42
const MOST_SEEN = 12

/** The runs whose outputs are of the same inputs as those of the first one that has outputs. */
export function sidesWithOutputs(sides) {
  const able = sides.filter((side) => side.frame?.reconstructions && side.statics?.inputs)
  return able.filter((side) => isEqual(side.statics.inputs, able[0].statics.inputs))
}

const isPicture = (sides) => sides.length > 0 && sides[0].statics.shape.length > 1

export const wipe = {
  id: "compare-wipe-panel",
  get title() {
    return tr("Wipe")
  },
  explains: "reconstructions",
  says: "",
  isFor: (view) => isPicture(sidesWithOutputs(view.sides)),
  create(root) {
    let view = null
    const made = createWipe(root, () => redraw())
    function redraw() {
      const sides = view ? sidesWithOutputs(view.sides) : []
      if (isPicture(sides)) made.draw(sides, view.theme)
    }
    return {
      update(next) {
        view = next
        redraw()
      },
      resize: redraw,
      destroy() {},
      summary: (next) => {
        const count = sidesWithOutputs(next.sides).length
        return count === 1
          ? tr("Outputs of one run.")
          : tr("Outputs of {count} runs for the same samples.", { count })
      },
    }
  },
}

export const samples = {
  id: "compare-samples",
  get title() {
    return tr("The same samples")
  },
  explains: "reconstructions",
  says: "",
  isFor: (view) => sidesWithOutputs(view.sides).length > 0,
  create(root) {
    let drawn = [],
      sample = 0
    const body = el("div", {
      class: "stage-scroll",
      tabindex: "0",
      role: "group",
      "aria-label": tr("Outputs of each run"),
    })
    const name = el("span", { class: "stage-label" })
    const move = (by) => {
      sample += by
      drawn = []
      if (view) draw(view)
    }
    const step = (label, text, by) =>
      el(
        "button",
        { class: "stage-chip", type: "button", "aria-label": label, onclick: () => move(by) },
        text,
      )
    const steps = el(
      "span",
      { class: "compare-steps" },
      step(tr("Previous row"), "‹", -1),
      name,
      step(tr("Next row"), "›", 1),
    )
    root.head.append(steps)
    root.body.append(body)
    let view = null

    function draw(next) {
      view = next
      const sides = sidesWithOutputs(next.sides)
      const frames = sides.map((side) => side.frame)
      steps.hidden = isPicture(sides)
      if (frames.length === drawn.length && frames.every((frame, i) => frame === drawn[i])) return
      drawn = frames
      body.replaceChildren(isPicture(sides) ? pictures(sides) : row(sides))
    }

    /** A line for the input and one for each run. */
    function pictures(sides) {
      const { statics } = sides[0],
        count = Math.min(MOST_SEEN, statics.inputs.shape[0])
      const line = (text, array) =>
        el(
          "div",
          { class: "compare-line" },
          el("span", {}, text),
          drawMany(
            statics,
            Array.from({ length: count }, (_, i) => ({ bytes: itemAt(array, i) })),
            SIZE,
          ),
        )
      return el(
        "div",
        {},
        line(tr("Input"), statics.inputs),
        ...sides.map((side) => line(tr("Run {run}", { run: side.number }), side.frame.reconstructions)),
      )
    }

    /** One row of a table, with a column for the input and one for each run. */
    function row(sides) {
      const { statics } = sides[0],
        count = statics.inputs.shape[0]
      sample = (sample + count) % count
      setText(name, tr("row {row} of {count}", { row: sample + 1, count }))
      return strip(
        drawMany(statics, [
          { bytes: itemAt(statics.inputs, sample), label: tr("Input") },
          ...sides.map((side) => ({
            bytes: itemAt(side.frame.reconstructions, sample),
            label: tr("Run {run}", { run: side.number }),
          })),
        ]),
      )
    }

    return {
      update: draw,
      resize() {},
      destroy() {},
      summary(next) {
        const said = sidesWithOutputs(next.sides).map((side) => {
          const losses = Array.from(side.frame.tile_loss?.data ?? [])
          const mean = losses.reduce((a, b) => a + b, 0) / losses.length
          return tr("run {run} {value}", { run: side.number, value: brief(mean || 0, 3) })
        })
        return tr("Mean squared error of the samples shown: {runs}.", { runs: said.join(", ") })
      },
    }
  },
}
