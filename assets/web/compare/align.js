// Turns a map so that it lies like another one of the same samples, as selfsup_core/projection/align.py does: the
// rotation or reflection R that minimizes ‖A R − B‖, in closed form for two columns (Schönemann 1966). Distances stay.

const MOST_POINTS = 4000 // of a larger map, so many are looked at; the turn is the same within a hair

/** Mean of the first two columns of the rows that are looked at. */
function center({ shape: [n, k], data }, step) {
  let x = 0,
    y = 0,
    count = 0
  for (let i = 0; i < n; i += step) {
    x += data[k * i]
    y += data[k * i + 1]
    count++
  }
  return [x / count, y / count]
}

/**
 * The map turned towards another; the map itself where they do not have the same points.
 * @param {{shape: number[], data: ArrayLike<number>}} map (n, 2 or more)
 * @param {?{shape: number[], data: ArrayLike<number>}} towards
 * @returns {{shape: number[], data: Float32Array}}
 */
export function turnTowards(map, towards) {
  const [n, k] = map.shape
  if (!towards || towards === map || towards.shape[0] !== n || k < 2 || towards.shape[1] < 2) return map
  const step = Math.ceil(n / MOST_POINTS)
  const [ax, ay] = center(map, step)
  const [bx, by] = center(towards, step)
  const width = towards.shape[1]
  let xx = 0,
    xy = 0,
    yx = 0,
    yy = 0
  for (let i = 0; i < n; i += step) {
    const x = map.data[k * i] - ax,
      y = map.data[k * i + 1] - ay,
      u = towards.data[width * i] - bx,
      v = towards.data[width * i + 1] - by
    xx += x * u
    xy += x * v
    yx += y * u
    yy += y * v
  }
  // The trace of AᵀB R is largest for the better one of the best rotation and the best reflection.
  const turned = Math.hypot(xx + yy, xy - yx),
    mirrored = Math.hypot(xx - yy, xy + yx)
  if (!(Math.max(turned, mirrored) > 0)) return map
  const isMirrored = mirrored > turned
  const [c, s] = isMirrored
    ? [(xx - yy) / mirrored, (xy + yx) / mirrored]
    : [(xx + yy) / turned, (xy - yx) / turned]
  const data = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) {
    const x = map.data[k * i] - ax,
      y = map.data[k * i + 1] - ay
    data[2 * i] = (isMirrored ? c * x + s * y : c * x - s * y) + ax
    data[2 * i + 1] = (isMirrored ? s * x - c * y : s * x + c * y) + ay
  }
  return { shape: [n, 2], data }
}

/** Whether two runs have the same points on their maps. @param {?object} a @param {?object} b statics of runs */
export function hasSamePoints(a, b) {
  if (!a || !b || a.kind !== b.kind || Boolean(a.glyphs) !== Boolean(b.glyphs)) return false
  if (a.glyphs)
    return a.glyphs.length === b.glyphs.length && a.glyphs.every((text, i) => text === b.glyphs[i])
  return isEqual(a.rows, b.rows) && isEqual(a.labels, b.labels)
}

/** Whether two arrays are equal. */
export const isEqual = (a, b) =>
  Boolean(a && b && a.data.length === b.data.length && a.data.every((value, i) => value === b.data[i]))
