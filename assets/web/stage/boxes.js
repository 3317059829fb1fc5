// Pictures with boxes: which boxes are above a threshold, which of them are right, and how they are drawn.

import { el, sizeCanvas } from "../lib/dom.js"
import { addShape, classColor } from "../lib/palette.js"
import { drawImage } from "./items.js"

const RIGHT = 0.5 // overlap from which a box lies on a true one

/** @typedef {{label: number, score: number, corners: number[]}} Box corners: left, top, right, bottom in pixels */

/**
 * The boxes of a picture in a frame, the surest first.
 * @param {object} frame with NAME_corners (S, K, 4), NAME_scores and NAME_labels (S, K)
 * @returns {Box[]}
 */
export function boxesOf(frame, name, index) {
  const labels = frame[`${name}_labels`],
    most = labels.shape[1]
  const boxes = []
  for (let place = index * most; place < (index + 1) * most; place++) {
    if (labels.data[place] < 0) continue
    boxes.push({
      label: labels.data[place],
      score: frame[`${name}_scores`].data[place],
      corners: Array.from(frame[`${name}_corners`].data.subarray(4 * place, 4 * place + 4)),
    })
  }
  return boxes
}

/** [class, left, top, right, bottom], as a run keeps true boxes. @returns {Box[]} */
export const trueBoxes = (rows) => rows.map(([label, ...corners]) => ({ label, score: 1, corners }))

/** Shared area divided by the area of both together. */
export function overlap([l, t, r, b], [l2, t2, r2, b2]) {
  const shared =
    Math.max(0, Math.min(r, r2) - Math.max(l, l2)) * Math.max(0, Math.min(b, b2) - Math.max(t, t2))
  const both = (r - l) * (b - t) + (r2 - l2) * (b2 - t2) - shared
  return both > 0 ? shared / both : 0
}

/**
 * How many boxes there are, how many lie on a true one of their class that no surer box has taken, and how many true ones
 * there are.
 * @param {Box[]} boxes the surest first
 * @param {Box[]} truth
 */
export function countRight(boxes, truth) {
  const taken = new Set()
  for (const box of boxes) {
    let best = -1,
      most = RIGHT
    truth.forEach((other, i) => {
      const shared = other.label === box.label && !taken.has(i) ? overlap(box.corners, other.corners) : 0
      if (shared >= most) [best, most] = [i, shared]
    })
    if (best >= 0) taken.add(best)
  }
  return { boxes: boxes.length, right: taken.size, objects: truth.length }
}

export const sumOf = (counts) =>
  counts.reduce(
    (sum, one) => ({
      boxes: sum.boxes + one.boxes,
      right: sum.right + one.right,
      objects: sum.objects + one.objects,
    }),
    { boxes: 0, right: 0, objects: 0 },
  )

/**
 * A picture with boxes over it.
 * @param {{shape: number[]}} scenario
 * @param {Uint8Array} bytes
 * @param {{boxes: Box[], style: "solid" | "faint" | "true"}[]} layers
 */
export function drawScene(scenario, bytes, layers, size) {
  const [height, width] = scenario.shape
  const picture = drawImage(scenario.shape, bytes, size)
  const scale = size / Math.max(width, height)
  const over = el("canvas", { class: "scenario-boxes" })
  const pen = sizeCanvas(over, Math.round(width * scale), Math.round(height * scale))
  for (const { boxes, style } of layers) for (const box of boxes) drawBox(pen, box, scale, style)
  return el("div", { class: "scenario-scene" }, picture, over)
}

function drawBox(pen, { label, corners }, scale, style) {
  const [left, top, right, bottom] = corners.map((value) => value * scale)
  const line = (color, width, dash) => {
    pen.strokeStyle = color
    pen.lineWidth = width
    pen.setLineDash(dash)
    pen.strokeRect(left, top, right - left, bottom - top)
  }
  if (style === "true") {
    line("#000", 1.5, [])
    line("#fff", 1.5, [4, 4])
    return
  }
  if (style === "faint") return line("#fff", 1.5, [2, 3])
  // A light rim, so that each color stands out from any ground.
  line("#fff", 4, [])
  line(classColor(label), 2, [])
  pen.setLineDash([])
  pen.fillStyle = "#fff"
  pen.beginPath()
  pen.arc(left, top, 7, 0, 2 * Math.PI)
  pen.fill()
  pen.fillStyle = classColor(label)
  pen.beginPath()
  addShape(pen, label, left, top, 4)
  pen.fill()
}
