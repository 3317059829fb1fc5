// The legend of a map: a ramp for numbers, and a button for each class, which shows that class alone.

import { el, sizeCanvas } from "../lib/dom.js"
import { COLORS } from "../lib/palette.js"
import { addOutline, colorTable, ramp, shapeOf, UNKNOWN } from "../scatter/shapes.js"

const MOST = 60 // classes with a button: the largest
const WIDTH = 160

const present = ({ names, counts }) =>
  names.map((text, code) => [code, text, counts[code]]).filter(([, , size]) => size)

/** [code, name, count] of the largest classes that have points; points without a class come last. */
export function entriesOf({ names, counts, unknown }) {
  const entries = present({ names, counts })
    .sort((a, b) => b[2] - a[2] || a[0] - b[0])
    .slice(0, MOST)
    .sort((a, b) => a[0] - b[0])
  return unknown ? [...entries, [UNKNOWN, "unknown", unknown]] : entries
}

/** A number of the legend, with three digits. */
export const short = (value) => String(+value.toPrecision(3))

/**
 * @param {object} legend of the server: of numbers {kind: "number", by, low, high, unknown}, or of classes {names, counts, unknown}
 * @param {(code: number) => Set<number>} isolate shows a class alone, or no more; which are shown then
 * @param {(code: number) => void} select selects the points of a class
 * @returns {HTMLElement[]}
 */
export function legendOf(legend, isolate, select) {
  if (legend.kind === "number") return numbersOf(legend)
  const table = colorTable(legend, COLORS)
  const others = present(legend).length - MOST
  return [
    ...entriesOf(legend).map((entry) => classButton(entry, table, isolate, select)),
    ...(others > 0 ? [el("span", { class: "stage-muted" }, `and ${others.toLocaleString("en")} more`)] : []),
    el(
      "span",
      { class: "stage-muted" },
      "Click: show alone, then Select shown. Shift-click or Shift-Enter: select.",
    ),
  ]
}

function numbersOf(legend) {
  const strip = el("canvas", { class: "space-ramp", "aria-hidden": "true" }),
    context = sizeCanvas(strip, WIDTH, 12)
  for (let x = 0; x < WIDTH; x++) {
    context.fillStyle = `rgb(${ramp(x / (WIDTH - 1)).join(",")})`
    context.fillRect(x, 0, 1.5, 12)
  }
  return [
    el("span", {}, `${legend.by}: ${short(legend.low)}`),
    strip,
    el("span", {}, short(legend.high)),
    ...(legend.unknown ? [el("span", { class: "stage-muted" }, `${legend.unknown} unknown (gray)`)] : []),
  ]
}

function classButton([code, text, size], table, isolate, select) {
  const swatch = el("canvas", { class: "stage-swatch", "aria-hidden": "true" }),
    context = sizeCanvas(swatch, 12, 12),
    path = new Path2D()
  addOutline(path, shapeOf(code), 6, 6, 4.5)
  context.fillStyle = `rgb(${table[4 * code]},${table[4 * code + 1]},${table[4 * code + 2]})`
  context.fill(path)
  const one = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      "aria-pressed": "false",
      title: `Show only ${text}: ${size.toLocaleString()} points. Shift-click selects them.`,
      onclick: (event) => {
        if (event.shiftKey) select(code)
        else one.setAttribute("aria-pressed", String(isolate(code).has(code)))
      },
    },
    swatch,
    text || "–",
  )
  return one
}
