// The legend of a map: a ramp for numbers, and a button for each class, which shows that class alone.

import { el, grouped, sizeCanvas } from "../lib/dom.js"
import { COLORS } from "../lib/palette.js"
import { shortlist } from "../lib/shortlist.js"
import { tr } from "../lib/words.js"
import { addOutline, colorTable, ramp, shapeOf, UNKNOWN } from "../scatter/shapes.js"
import { nameOfColor, nameOfPart } from "./colors.js"

const WIDTH = 160

/** [code, name, count] of the classes that have points; points without a class come last. */
export function entriesOf({ names, counts, unknown }) {
  const entries = names.map((text, code) => [code, text, counts[code]]).filter(([, , size]) => size)
  return unknown ? [...entries, [UNKNOWN, tr("unknown"), unknown]] : entries
}

/** A number of the legend, with three digits. */
export const short = (value) => String(+value.toPrecision(3))

/**
 * @param {object} legend of the server: of numbers {kind: "number", by, low, high, unknown}, or of classes {names, counts, unknown}
 * @param {(code: number) => Set<number>} isolate shows a class alone, or no more; which are shown then
 * @param {(code: number) => void} select selects the points of a class
 * @param {{typed?: string, find?: (typed: string) => void}} more what is looked for; find: asks for classes that have no
 * code of their own, where there are some
 * @returns {HTMLElement[]}
 */
export function legendOf(legend, isolate, select, { typed, find } = {}) {
  if (legend.kind === "number") return numbersOf(legend)
  const table = colorTable(legend, COLORS)
  let alone = new Set()
  const act = {
    isAlone: (code) => alone.has(code),
    isolate: (code) => {
      alone = isolate(code)
    },
    select,
  }
  const entries = entriesOf(legend).map(([code, text, size]) => ({
    code,
    text: legend.by === "split" ? nameOfPart(text) : text,
    size,
  }))
  const more = {
    typed,
    find: legend.others === undefined ? undefined : find,
    isKept: ({ code }) => alone.has(code),
  }
  return [
    ...shortlist(entries, (entry) => classButton(entry, table, act), more),
    el(
      "span",
      { class: "stage-muted" },
      tr("Click: show alone, then Select shown. Shift-click or Shift-Enter: select."),
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
    el("span", {}, `${nameOfColor(legend.by)}: ${short(legend.low)}`),
    strip,
    el("span", {}, short(legend.high)),
    ...(legend.unknown
      ? [el("span", { class: "stage-muted" }, tr("{count} unknown (gray)", { count: legend.unknown }))]
      : []),
  ]
}

function classButton({ code, text, size }, table, act) {
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
      "aria-pressed": String(act.isAlone(code)),
      title: tr("Show only {name}: {count} points. Shift-click selects them.", {
        name: text,
        count: grouped(size),
      }),
      onclick: (event) => {
        if (event.shiftKey) return act.select(code)
        act.isolate(code)
        one.setAttribute("aria-pressed", String(act.isAlone(code)))
      },
    },
    swatch,
    text || "–",
  )
  return one
}
