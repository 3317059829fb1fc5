// Which points are chosen: a byte each, changed by a polygon, a box or another set; and as bits in base64 for those who ask.

/** Whether (x, y) is in a polygon [x, y, x, y, …], by the even-odd rule; as matplotlib.path and shapely do it inside. */
export function isInside(x, y, polygon) {
  let inside = false
  const n = polygon.length
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const yi = polygon[i + 1],
      yj = polygon[j + 1]
    if (yi > y !== yj > y && x < ((polygon[j] - polygon[i]) * (y - yi)) / (yj - yi) + polygon[i])
      inside = !inside
  }
  return inside
}

/** Points of a grid in a polygon. */
export function inPolygon(grid, xs, ys, polygon, visit) {
  let left = Infinity,
    right = -Infinity,
    bottom = Infinity,
    top = -Infinity
  for (let i = 0; i < polygon.length; i += 2) {
    left = Math.min(left, polygon[i])
    right = Math.max(right, polygon[i])
    bottom = Math.min(bottom, polygon[i + 1])
    top = Math.max(top, polygon[i + 1])
  }
  grid.inBox(left, bottom, right, top, (i) => {
    if (isInside(xs[i], ys[i], polygon)) visit(i)
  })
}

/**
 * Which of `count` points are chosen. Watchers are told where each change came from.
 * @param {number} count
 */
export function createSelection(count) {
  let mask = new Uint8Array(count),
    size = 0
  const watchers = new Set()
  const tell = (origin) => watchers.forEach((watch) => watch(origin))
  const recount = () => {
    size = 0
    for (let i = 0; i < mask.length; i++) size += mask[i]
  }
  return {
    get mask() {
      return mask
    },
    get size() {
      return size
    },
    watch(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    /** Takes places (an iterable) over: how is "replace", "add" or "subtract". */
    change(places, how, origin = "hand") {
      if (how === "replace") mask.fill(0)
      const value = how === "subtract" ? 0 : 1
      for (const i of places) if (i < mask.length) mask[i] = value
      recount()
      tell(origin)
    },
    clear(origin = "hand") {
      if (size) {
        mask.fill(0)
        size = 0
        tell(origin)
      }
    },
    resize(count_) {
      mask = new Uint8Array(count_)
      size = 0
      tell("data")
    },
    setBits(text, origin = "outside") {
      mask.fill(0)
      fromBits(text, mask)
      recount()
      tell(origin)
    },
    toBits() {
      return toBits(mask)
    },
    places() {
      const found = []
      for (let i = 0; i < mask.length; i++) if (mask[i]) found.push(i)
      return found
    },
  }
}

/**
 * One bit per point, lowest bit first, in base64.
 * @param {Uint8Array} mask 1 where a point is chosen
 * @returns {string}
 */
export function toBits(mask) {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8))
  for (let i = 0; i < mask.length; i++) if (mask[i]) bytes[i >> 3] |= 1 << (i & 7)
  let text = ""
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

/**
 * Set the points of `toBits` in a mask; bits beyond its end are left out.
 * @param {string} text
 * @param {Uint8Array} mask changed in place
 */
export function fromBits(text, mask) {
  const raw = atob(text)
  for (let b = 0; b < raw.length; b++) {
    const byte = raw.charCodeAt(b)
    if (byte) for (let k = 0; k < 8; k++) if (byte & (1 << k) && 8 * b + k < mask.length) mask[8 * b + k] = 1
  }
}
