// Places of points: two numbers of 16 bits each within a square, as the server sends them, and back.

const LEVELS = 65_535

/**
 * @typedef {{low: number[], size: number}} Head where the square begins, and the length of its sides
 * @typedef {{points: Uint16Array, head: Head}} Layout
 */

/**
 * Numbers x, y, x, y … as two bytes each.
 * @param {ArrayLike<number>} places
 * @returns {Layout}
 */
export function pack(places) {
  const low = [Infinity, Infinity]
  const high = [-Infinity, -Infinity]
  for (let i = 0; i < places.length; i++) {
    const axis = i & 1
    if (places[i] < low[axis]) low[axis] = places[i]
    if (places[i] > high[axis]) high[axis] = places[i]
  }
  for (const axis of [0, 1]) if (!Number.isFinite(low[axis])) low[axis] = high[axis] = 0
  const size = Math.max(high[0] - low[0], high[1] - low[1], 1e-9)
  const points = new Uint16Array(places.length)
  for (let i = 0; i < places.length; i++) points[i] = Math.round(((places[i] - low[i & 1]) / size) * LEVELS)
  return { points, head: { low, size } }
}

/**
 * @param {Uint16Array} points
 * @param {Head} head
 * @returns {{xs: Float32Array, ys: Float32Array}}
 */
export function unpack(points, head) {
  const n = points.length / 2
  const xs = new Float32Array(n)
  const ys = new Float32Array(n)
  const [left, bottom] = head.low
  const scale = head.size / LEVELS
  for (let i = 0; i < n; i++) {
    xs[i] = left + points[2 * i] * scale
    ys[i] = bottom + points[2 * i + 1] * scale
  }
  return { xs, ys }
}

/**
 * The layout that is `share` of the way from one to another.
 * @param {Layout} from
 * @param {Layout} to
 * @param {number} share 0 to 1
 * @returns {Layout}
 */
export function between(from, to, share) {
  const n = to.points.length
  const places = new Float32Array(n)
  for (let i = 0; i < n; i++) {
    const a = from.head.low[i & 1] + (from.points[i] * from.head.size) / LEVELS
    const b = to.head.low[i & 1] + (to.points[i] * to.head.size) / LEVELS
    places[i] = a + (b - a) * share
  }
  return pack(places)
}

/** Slow at both ends; 0 to 1. */
export const ease = (t) => (t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2)

/**
 * Limits of the axes, [x0, y0, x1, y1], that hold all but a few outliers, with a little room.
 * @param {ArrayLike<number>} places x, y, x, y …
 */
export function limitsOf(places) {
  const ends = [0, 1].map((axis) => {
    const values = new Float32Array(places.length / 2)
    for (let i = 0; i < values.length; i++) values[i] = places[2 * i + axis]
    values.sort()
    const at = (q) => values[Math.round(q * (values.length - 1))]
    const room = (at(0.995) - at(0.005)) * 0.06 || 1e-3
    return [at(0.005) - room, at(0.995) + room]
  })
  return [ends[0][0], ends[1][0], ends[0][1], ends[1][1]]
}

/** The limits to show next: they follow new ones softly, so that the map does not jump from epoch to epoch. */
export function followLimits(old, wanted) {
  if (!old) return wanted
  const spread = (l) => Math.max(l[2] - l[0], l[3] - l[1])
  const isFar = spread(wanted) > 2 * spread(old) || spread(wanted) < 0.5 * spread(old)
  const share = isFar ? 0.7 : 0.35
  return wanted.map((value, i) => old[i] + (value - old[i]) * share)
}
