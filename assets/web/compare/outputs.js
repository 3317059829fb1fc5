// What the runs make of the same samples: side by side, and under a wipe.

import { brief, el, setText } from "../lib/dom.js"
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
  title: "Wipe",
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
      summary: (next) => `Outputs of ${sidesWithOutputs(next.sides).length} runs for the same samples.`,
    }
  },
}

export const samples = {
  id: "compare-samples",
  title: "The same samples",
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
      "aria-label": "Outputs of each run",
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
      step("Previous row", "‹", -1),
      name,
      step("Next row", "›", 1),
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
        line("Input", statics.inputs),
        ...sides.map((side) => line(`Run ${side.number}`, side.frame.reconstructions)),
      )
    }

    /** One row of a table, with a column for the input and one for each run. */
    function row(sides) {
      const { statics } = sides[0],
        count = statics.inputs.shape[0]
      sample = (sample + count) % count
      setText(name, `row ${sample + 1} of ${count}`)
      return strip(
        drawMany(statics, [
          { bytes: itemAt(statics.inputs, sample), label: "Input" },
          ...sides.map((side) => ({
            bytes: itemAt(side.frame.reconstructions, sample),
            label: `Run ${side.number}`,
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
          return `run ${side.number} ${brief(mean || 0, 3)}`
        })
        return `Mean squared error of the samples shown: ${said.join(", ")}.`
      },
    }
  },
}
