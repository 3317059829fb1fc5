// How large points are, how many of them a slow machine draws, and how far a picture of them can be moved before it must be
// drawn again.

export const SHAPES_FROM = 4.5 // pixels; smaller points are round
export const MOST_SHAPED = 20_000 // up to so many points more than ten classes are distinguished by shape, whatever the zoom
const SHAPED = 5.5
const SLOW = 45 // milliseconds a frame
const QUICK = 20
const LEAST_MOVING = 10_000
const MOST_SKIPPED = 32 // WebGL skips 255 bytes at most

/** Diameter in pixels when all is shown. */
export function sizeOf(count, classes = 0) {
  const sizes = [
    [500, 8],
    [2500, 6],
    [12_000, 4.2],
    [50_000, 3],
    [200_000, 2.2],
  ]
  const size = sizes.find(([most]) => count <= most)?.[1] ?? 1.4
  return classes > 10 && count <= MOST_SHAPED ? Math.max(size, SHAPED) : size
}

/**
 * Every how many points are drawn next, while they flow to other places: fewer where frames are slow.
 * @param {number} every so far
 * @param {number} took milliseconds of the last frame
 * @param {number} count of all points
 */
export function thin(every, took, count) {
  if (took > SLOW && count / every > LEAST_MOVING)
    return Math.min(MOST_SKIPPED, 2 ** Math.ceil(Math.log2((every * took) / 30)))
  return took < QUICK && every > 1 ? every / 2 : every
}

/**
 * How a drawn picture must be moved to show another view; null when it does not cover that.
 * @param {{x: number, y: number, k: number, mx: number, my: number}} drawn its view, and the pixels beyond each edge
 * @param {{x: number, y: number, k: number}} view
 */
export function shiftOf(drawn, view, width, height) {
  const scale = view.k / drawn.k
  const dx = (drawn.x - view.x) * view.k
  const dy = (view.y - drawn.y) * view.k
  const covers = (length, margin, shift) => scale * (length / 2 + margin) - Math.abs(shift) >= length / 2
  if (scale < 0.7 || scale > 2.5) return null
  return covers(width, drawn.mx, dx) && covers(height, drawn.my, dy) ? { dx, dy, scale } : null
}
