// Small helpers for elements. Text goes in as text, never as HTML.

import { local, tr } from "./words.js"

/** Make an element: `el("button", {class: "x", onclick: f}, child, "text")`. */
export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(options)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== null && value !== false)
      node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...children.filter((child) => child !== null && child !== undefined))
  return node
}

const PATHS = {
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  play: "M8 5v14l11-7z",
  step: "M6 5v14l9-7zM16 5h3v14h-3z",
  stop: "M6 6h12v12H6z",
  replay: "M4 5h3v14H4zM10 5v14l11-7z",
  replaying: "M4 5h3v14H4zM10 5h4v14h-4zM17 5h4v14h-4z",
  repeat: "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z",
  close: "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  warn: "M12 3 1 21h22zM11 10h2v5h-2zm0 6.5h2v2h-2z",
  info: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm-1 8h2v7h-2zm0-3.5h2v2h-2z",
  prev: "M15 5v14l-9-7z",
}

/** An inline picture that follows the text color; hidden from screen readers, the button has the label. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg"
  const svg = document.createElementNS(space, "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  svg.setAttribute("class", "stage-icon")
  const path = document.createElementNS(space, "path")
  path.setAttribute("d", PATHS[name])
  svg.append(path)
  return svg
}

/** Set text only when it differs, so that nothing is laid out for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/** A canvas's 2-D context at the screen's resolution; sizes in CSS pixels. */
export function sizeCanvas(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, 3)
  const w = Math.max(1, Math.round(width * ratio)),
    h = Math.max(1, Math.round(height * ratio))
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w
    canvas.height = h
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  }
  const context = canvas.getContext("2d")
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  return context
}

/** A number with so many digits behind its point; "–" where there is none. */
export const fixed = (value, digits) =>
  value === null || value === undefined ? "–" : local(value.toFixed(digits))

/** 12345 → "12,345". */
export const grouped = (value) => local(value.toLocaleString("en"))

/** 0.883 → "88.3%", as the core writes it: what is not quite 0 or 1 is never rounded to it. */
export function percent(value, digits = 1) {
  if (typeof value !== "number" || Number.isNaN(value)) return "–"
  const text = `${(100 * value).toFixed(digits)}%`
  const least = 10 ** -digits
  if (value > 1e-9 && text === `${(0).toFixed(digits)}%`)
    return tr("under {share}", { share: local(`${least.toFixed(digits)}%`) })
  if (value < 1 - 1e-9 && text === `${(100).toFixed(digits)}%`)
    return tr("over {share}", { share: local(`${(100 - least).toFixed(digits)}%`) })
  return local(text)
}

/** A number with so many digits and never in powers of ten, 220 rather than 2.2e+2. */
export const brief = (value, digits = 3) =>
  local(Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits }))

/** "class 3", and a name that says so itself as it is: "class_0". */
export const className = (name) => (/^class(?![a-z])/i.test(name) ? name : tr("class {name}", { name }))

/** Puts a card with `position: fixed` beside a place of the window, whole, wherever the place is. */
export function placeCardAt(card, x, y) {
  const { width, height } = card.getBoundingClientRect()
  const left = x + 16 + width > innerWidth - 8 ? x - width - 12 : x + 16
  const top = y + 16 + height > innerHeight - 8 ? y - height - 12 : y + 16
  card.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`
  card.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`
}

/** One picture of many: bytes of (n, h, w) or (n, h, w, 3) values. */
export function pictureOf(data, index, [h, w, channels = 1]) {
  const canvas = el("canvas", { width: w, height: h })
  const image = new ImageData(w, h)
  const offset = index * w * h * channels
  for (let pixel = 0; pixel < w * h; pixel++) {
    const at = offset + pixel * channels
    for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = data[at + (channels === 3 ? c : 0)]
    image.data[4 * pixel + 3] = 255
  }
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas
}
