// What the runs make of the same samples: side by side, and under a wipe.

import { brief, el, setText, sizeCanvas } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { drawMany, itemAt, strip } from "../stage/items.js"
import { isEqual } from "./align.js"
import { createWipe, sheetOf } from "./wipe.js"

const SIZE = 42
const GAP = 3
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
    const scratch = document.createElement("canvas")
    let drawn = [],
      lines = { key: "", canvases: [] },
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
      if (isPicture(sides)) pictures(sides)
      else body.replaceChildren(row(sides))
    }

    /** A line for the input and one for each run. The canvases stay, since a scrub draws them again and again. */
    function pictures(sides) {
      const { statics } = sides[0]
      const wanted = [
        [tr("Input"), statics.inputs],
        ...sides.map((side) => [tr("Run {run}", { run: side.number }), side.frame.reconstructions]),
      ]
      const key = wanted.map(([text]) => text).join()
      if (lines.key !== key) {
        lines = { key, canvases: wanted.map(([text]) => el("canvas", { role: "img", "aria-label": text })) }
        body.replaceChildren(
          ...wanted.map(([text], i) =>
            el("div", { class: "compare-line" }, el("span", {}, text), lines.canvases[i]),
          ),
        )
      }
      wanted.forEach(([, array], i) => {
        drawLine(lines.canvases[i], array, statics.shape)
      })
    }

    /** The first samples side by side. */
    function drawLine(canvas, array, shape) {
      const count = Math.min(MOST_SEEN, array.shape[0])
      const [h, w] = shape
      const scale = SIZE / Math.max(h, w)
      const pen = sizeCanvas(canvas, count * (w * scale + GAP), h * scale)
      pen.imageSmoothingEnabled = false
      const sheet = sheetOf(array, shape, array.shape[0], 1, scratch)
      for (let i = 0; i < count; i++)
        pen.drawImage(sheet, i * w, 0, w, h, i * (w * scale + GAP), 0, w * scale, h * scale)
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
