// What the panels of a run with pseudo-labels share: reading the frame's counts, marks of classes, words for shares.

import { el, grouped, percent, sizeCanvas } from "../lib/dom.js"
import { addShape, classColor } from "../lib/palette.js"
import { tr } from "../lib/words.js"

export const TRUTH = 0
export const PROPOSED = 1
export const KEPT = 2
export const GIVEN = 3
export const BINS = 100

export const sum = (values) => {
  let total = 0
  for (const value of values) total += value
  return total
}

/** One row of `mix`: counts by class. */
export function mixOf(frame, row) {
  const classes = frame.mix.shape[1]
  return frame.mix.data.subarray(row * classes, (row + 1) * classes)
}

/** How many unlabeled rows there are, or null when the frame does not say. */
export function poolSize(frame, row) {
  if (frame.flow) return sum(frame.flow.data)
  const proposals = sum(mixOf(frame, PROPOSED))
  return row?.proposed > 0 ? Math.round(proposals / row.proposed) : null
}

export const count = (value) => grouped(Math.round(value))

/** A share in words: whole percent, but never 0 or 100 for what is not quite that. */
export function share(part, whole) {
  if (!whole) return "–"
  return percent(part / whole, 0)
}

/** " (of the 19 known)" where the true class of only some of the kept rows is known, else "". */
export const ofKnown = (known, kept) =>
  known < kept ? tr(" (of the {count} known)", { count: count(known) }) : ""

/** A class's mark in its color and shape. */
export function swatch(index, size = 12) {
  const canvas = el("canvas", { class: "stage-swatch", "aria-hidden": "true" })
  const context = sizeCanvas(canvas, size, size),
    path = new Path2D()
  addShape(path, index, size / 2, size / 2, size * 0.38)
  context.fillStyle = classColor(index)
  context.fill(path)
  return canvas
}

/** A named class with its mark. */
export const className = (classes, index) =>
  el(
    "span",
    { class: "pl-class", title: classes[index] ?? tr("none") },
    swatch(index),
    el("span", {}, classes[index] ?? tr("none")),
  )

/** Says in place of a picture why there is none. */
export function emptyNote(root) {
  const note = el("p", { class: "pl-empty stage-muted", hidden: true })
  root.body.append(note)
  return {
    say(text, ...others) {
      if (note.textContent !== text) note.textContent = text
      note.hidden = !text
      for (const other of others) other.hidden = Boolean(text)
    },
  }
}

/** Why there is no round to show: it is on its way, or there is none. */
export const whyNone = (view) =>
  view?.frames?.length && !(view.frame && view.statics) ? tr("Loading …") : tr("No round has finished yet.")

/** Why nothing has been kept or proposed, or "" when something has. */
export function whyEmpty(view, row) {
  if (!view.frame?.mix) return whyNone(view)
  const pool = poolSize(view.frame, view.row)
  if (pool === 0) return tr("There are no unlabeled rows, so nothing is proposed.")
  if (sum(mixOf(view.frame, row))) return ""
  if (row === PROPOSED)
    return view.frame.epoch === 0
      ? tr("Nothing is proposed before the first round.")
      : tr("No class is proposed in this round.")
  return view.frame.epoch === 0
    ? tr("Nothing is kept before the first round.")
    : tr("No proposal was kept in this round.")
}

/** A step on a scale from little to much, to be told from the ground in both themes. */
export function ramp(t, isDark) {
  const [from, to] = isDark
    ? [
        [74, 88, 106],
        [150, 216, 255],
      ]
    : [
        [186, 204, 220],
        [0, 62, 118],
      ]
  return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * t)).join(" ")})`
}
