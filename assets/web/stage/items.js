// A sample as a picture: images and spectrograms on a canvas, rows of tables and texts as bars.

import { el, fixed } from "../lib/dom.js"
import { tr } from "../lib/words.js"

const MOST_BARS = 12,
  MOST_LINES = 16

/** Bytes of one item, cut out of an (n, P) array. */
export const itemAt = (array, index) => {
  const width = array.shape[array.shape.length - 1]
  return array.data.subarray(index * width, (index + 1) * width)
}

/**
 * An element that shows one item.
 * @param {{shape: number[], columns: string[]}} statics
 * @param {Uint8Array} bytes P values, 0 to 255
 * @param {{size?: number, label?: string, title?: string}} options size in CSS pixels
 */
export function drawItem(statics, bytes, { size = 56, label = "", title = "" } = {}) {
  const picture =
    statics.shape.length > 1 ? drawImage(statics.shape, bytes, size) : drawBars(statics, bytes, size)
  if (!label) {
    if (title) picture.title = title
    return picture
  }
  return el("figure", { class: "lab-item", title }, picture, el("figcaption", {}, label))
}

/** A canvas with its pixels as they are; sizes are CSS's. */
export function drawImage(shape, bytes, size) {
  const [h, w] = shape
  const canvas = el("canvas", { class: "lab-image", width: w, height: h })
  Object.assign(canvas.style, fit(w, h, size))
  paintImage(canvas, shape, bytes)
  return canvas
}

/** Puts an image of this shape into a canvas that has as many pixels. */
export function paintImage(canvas, [h, w, channels = 1], bytes) {
  const image = new ImageData(w, h)
  for (let pixel = 0; pixel < w * h; pixel++) {
    for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = bytes[pixel * channels + (channels === 3 ? c : 0)]
    image.data[4 * pixel + 3] = 255
  }
  canvas.getContext("2d").putImageData(image, 0, 0)
}

const fit = (w, h, size) => {
  const scale = size / Math.max(w, h)
  return { width: `${Math.round(w * scale)}px`, height: `${Math.round(h * scale)}px` }
}

/** The columns of a table's row, or the strongest terms of a text. */
function drawBars(statics, bytes, size) {
  const all = Array.from(bytes, (value, i) => [
    statics.columns?.[i] || tr("value {place}", { place: i + 1 }),
    value,
  ])
  // Columns of a table keep their order, so that two rows can be compared; of a text only its strongest words are of interest.
  const shown = (statics.kind === "text" ? [...all].sort((a, b) => b[1] - a[1]) : all).slice(0, MOST_BARS)
  const rows = shown.map(([name, value]) =>
    el(
      "div",
      { class: "lab-bar" },
      el("span", {}, name),
      el("i", { style: `--share:${(value / 255).toFixed(3)}` }),
      el("b", {}, fixed(value / 255, 2)),
    ),
  )
  const rest = all.length - shown.length
  return el(
    "div",
    { class: "lab-bars", style: `width:${Math.max(230, size * 2)}px` },
    ...rows,
    rest > 0 ? el("div", { class: "stage-muted" }, tr("and {count} more", { count: rest })) : null,
  )
}

/**
 * Several items to be compared: pictures side by side, or one table with a column for each item.
 * @param {{bytes: Uint8Array, label?: string, title?: string}[]} items
 */
export function drawMany(statics, items, size) {
  if (statics.shape.length > 1)
    return strip(
      ...items.map((item) => drawItem(statics, item.bytes, { size, label: item.label, title: item.title })),
    )
  const width = statics.shape[0],
    strength = (i) => Math.max(...items.map((item) => item.bytes[i]))
  const order = Array.from({ length: width }, (_, i) => i)
  if (statics.kind === "text") order.sort((a, b) => strength(b) - strength(a))
  const shown = order.slice(0, MOST_LINES)
  const head = el(
    "tr",
    {},
    el("th", {}),
    ...items.map((item) => el("th", { scope: "col", title: item.title }, item.label ?? "")),
  )
  const rows = shown.map((i) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, statics.columns?.[i] || tr("value {place}", { place: i + 1 })),
      ...items.map((item) =>
        el("td", { style: `--share:${(item.bytes[i] / 255).toFixed(3)}` }, fixed(item.bytes[i] / 255, 2)),
      ),
    ),
  )
  const rest = width - shown.length
  return el(
    "div",
    { class: "lab-scroll", tabindex: 0, role: "region", "aria-label": tr("Values of the samples") },
    el("table", { class: "lab-values" }, el("thead", {}, head), el("tbody", {}, ...rows)),
    rest > 0
      ? el(
          "p",
          { class: "stage-muted" },
          statics.kind === "text"
            ? tr("The {count} largest of {all} words.", { count: shown.length, all: width })
            : tr("The first {count} of {all} columns.", { count: shown.length, all: width }),
        )
      : null,
  )
}

/** Where two vectors differ most, in words: "ash 1.00 → 0.76". */
export function drawDifferences(statics, before, after, count = 5) {
  const order = Array.from(before, (_, i) => i)
    .sort((a, b) => Math.abs(after[b] - before[b]) - Math.abs(after[a] - before[a]))
    .slice(0, count)
  return el(
    "ul",
    { class: "lab-differences" },
    ...order.map((i) =>
      el(
        "li",
        {},
        el("span", {}, statics.columns?.[i] || tr("value {place}", { place: i + 1 })),
        ` ${fixed(before[i] / 255, 2)} → ${fixed(after[i] / 255, 2)}`,
      ),
    ),
  )
}

/** A row of items that scrolls sideways where it must. */
export const strip = (...children) => el("div", { class: "lab-strip" }, ...children)

/** Signed values (P) over an item's shape: blue below 0, orange above. */
export function drawSigned(shape, values, size) {
  const [h, w, channels = 1] = shape
  const canvas = el("canvas", { class: "lab-image", width: w, height: h })
  Object.assign(canvas.style, fit(w, h, size))
  const totals = new Float32Array(w * h)
  for (let i = 0; i < w * h; i++) for (let c = 0; c < channels; c++) totals[i] += values[i * channels + c]
  const most = totals.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-12)
  const image = new ImageData(w, h)
  totals.forEach((value, i) => {
    const t = Math.min(1, Math.abs(value) / most),
      to = value > 0 ? [213, 94, 0] : [0, 114, 178]
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 244 + (to[c] - 244) * t
    image.data[4 * i + 3] = 255
  })
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas
}

/** Values from `low` to `high` as an image of cells, dark to light in one hue that works in both themes. */
export function drawCells(values, w, h, size, { low = 0, high = 1, cell = 0 } = {}) {
  const canvas = el("canvas", { class: "lab-image", width: w, height: h })
  Object.assign(canvas.style, cell ? { width: `${w * cell}px`, height: `${h * cell}px` } : fit(w, h, size))
  const image = new ImageData(w, h),
    span = high - low || 1
  for (let i = 0; i < w * h; i++) {
    const t = Math.max(0, Math.min(1, ((values[i] ?? low) - low) / span))
    const [r, g, b] = heat(t)
    image.data.set([r, g, b, 255], 4 * i)
  }
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas
}

// Cividis, in five steps: even in lightness, and the same to color-blind people (Nuñez, Anderton, Renslow 2018).
const STEPS = [
  [0, 34, 78],
  [61, 77, 109],
  [124, 123, 120],
  [188, 174, 108],
  [254, 232, 56],
]

/** A number in [0, 1] → [red, green, blue] of the cividis scale. @param {number} t */
export function heat(t) {
  const at = Math.min(STEPS.length - 1.0001, Math.max(0, t * (STEPS.length - 1))),
    i = Math.floor(at),
    f = at - i
  return STEPS[i].map((value, c) => Math.round(value + (STEPS[i + 1][c] - value) * f))
}
