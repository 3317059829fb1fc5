// The histogram of a frame's confidences: counts by class, hundredth, and right, wrong or truth unknown.

import { classColor } from "../../lib/palette.js"
import { BINS } from "../pseudo.js"

const RIGHT = 0,
  WRONG = 1

/**
 * Counts at or above each hundredth.
 * @param {{shape: number[], data: Int32Array}} histogram (C, 100, 3)
 * @returns {{total: Int32Array, right: Int32Array, wrong: Int32Array, byClass: Int32Array[]}} each 101 long; the last is 0
 */
export function cumulate(histogram) {
  const [classes] = histogram.shape,
    { data } = histogram
  const result = {
    total: new Int32Array(BINS + 1),
    right: new Int32Array(BINS + 1),
    wrong: new Int32Array(BINS + 1),
    byClass: [],
  }
  for (let c = 0; c < classes; c++) {
    const own = new Int32Array(BINS + 1)
    for (let bin = BINS - 1; bin >= 0; bin--) {
      const at = (c * BINS + bin) * 3
      own[bin] = own[bin + 1] + data[at] + data[at + 1] + data[at + 2]
    }
    result.byClass.push(own)
  }
  for (let bin = BINS - 1; bin >= 0; bin--) {
    for (const kind of ["total", "right", "wrong"]) result[kind][bin] = result[kind][bin + 1]
    for (let c = 0; c < classes; c++) {
      const at = (c * BINS + bin) * 3
      result.total[bin] += data[at] + data[at + 1] + data[at + 2]
      result.right[bin] += data[at + RIGHT]
      result.wrong[bin] += data[at + WRONG]
    }
  }
  return result
}

/** The hundredth at which most nearly `wanted` proposals are kept. */
export function nearest(total, wanted) {
  let best = 0
  for (let at = 1; at <= BINS; at++)
    if (Math.abs(total[at] - wanted) < Math.abs(total[best] - wanted)) best = at
  return best
}

/**
 * The parts of each bar, from below.
 * @param {{shape: number[], data: Int32Array}} histogram
 * @param {string} split "all", "class" or "right"
 * @param {{primary: string, muted: string}} theme
 */
export function partsOf(histogram, split, theme) {
  const {
    data,
    shape: [classes],
  } = histogram
  const value = (c, bin) => {
    const i = (c * BINS + bin) * 3
    return data[i] + data[i + 1] + data[i + 2]
  }
  const total = (bin, kind) => {
    let n = 0
    for (let c = 0; c < classes; c++)
      n += kind === undefined ? value(c, bin) : data[(c * BINS + bin) * 3 + kind]
    return n
  }
  if (split === "class")
    return Array.from({ length: classes }, (_, c) => ({
      color: classColor(c),
      of: (bin) => value(c, bin),
    }))
  if (split === "right") {
    return [
      { color: theme.primary, of: (bin) => total(bin, RIGHT) },
      { color: "#D55E00", isHatched: true, of: (bin) => total(bin, WRONG) },
      { color: theme.muted, of: (bin) => total(bin, 2) },
    ]
  }
  return [{ color: theme.primary, of: (bin) => total(bin) }]
}
