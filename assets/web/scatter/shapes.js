// Colors and marker shapes of points. Okabe and Ito, 2008: colors that color-blind people can tell apart; the shape is the
// second cue. Numbers go by viridis (van der Walt and Smith, 2015), which also rises evenly in lightness.

export const UNKNOWN = 255
const GRAY = [154, 160, 166]
const VIRIDIS = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
]

const fromHex = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16))

/** "#rrggbb" or "rgb(r, g, b)" → [r, g, b]. */
export function toRgb(color) {
  if (/^#[0-9a-f]{6}/i.test(color)) return fromHex(color)
  return (color.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number)
}

/** Share 0 to 1 → [r, g, b]. */
export function ramp(share) {
  const at = Math.max(0, Math.min(1, share)) * (VIRIDIS.length - 1),
    i = Math.min(VIRIDIS.length - 2, Math.floor(at)),
    t = at - i
  return VIRIDIS[i].map((v, c) => Math.round(v + (VIRIDIS[i + 1][c] - v) * t))
}

/**
 * 256 colors of a legend, four bytes each: red, green, blue, and the number of the shape.
 * A legend of kind "table" brings its own.
 * @param {{kind: "category" | "number" | "table", table?: Uint8Array, others?: number}} legend others: the code of
 * what is too small for a color of its own
 * @param {string[]} palette colors of classes, "#rrggbb"
 */
export function colorTable(legend, palette) {
  if (legend.kind === "table") return legend.table
  const table = new Uint8Array(4 * 256)
  const isNumber = legend.kind === "number"
  for (let i = 0; i < 256; i++) {
    let color = GRAY
    if (i !== UNKNOWN && i !== legend.others)
      color = isNumber ? ramp(i / 254) : fromHex(palette[i % palette.length])
    table.set([...color, isNumber ? 0 : shapeOf(i)], 4 * i)
  }
  return table
}

/** Number of a shape; colors repeat after ten classes, and then come with another shape. */
export const shapeOf = (code) => (code === UNKNOWN || code < 0 ? 0 : (code + 3 * Math.floor(code / 10)) % 10)

const corners = (count, turn) =>
  Array.from({ length: count }, (_, i) => [
    Math.cos(turn + (i * 2 * Math.PI) / count),
    Math.sin(turn + (i * 2 * Math.PI) / count),
  ])
const CROSS = [
  [-0.4, -1],
  [0.4, -1],
  [0.4, -0.4],
  [1, -0.4],
  [1, 0.4],
  [0.4, 0.4],
  [0.4, 1],
  [-0.4, 1],
  [-0.4, 0.4],
  [-1, 0.4],
  [-1, -0.4],
  [-0.4, -0.4],
]
const turned = (points, angle) =>
  points.map(([x, y]) => [
    x * Math.cos(angle) - y * Math.sin(angle),
    x * Math.sin(angle) + y * Math.cos(angle),
  ])
const STAR = Array.from({ length: 10 }, (_, i) => {
  const angle = -Math.PI / 2 + (i * Math.PI) / 5,
    r = i % 2 ? 0.5 : 1.15
  return [r * Math.cos(angle), r * Math.sin(angle)]
})
export const OUTLINES = [
  null,
  corners(4, Math.PI / 4),
  corners(3, -Math.PI / 2),
  corners(4, 0),
  CROSS,
  turned(CROSS, Math.PI / 4),
  corners(3, Math.PI / 2),
  STAR,
  corners(5, -Math.PI / 2),
  corners(6, 0),
]

/** Adds a closed outline of about radius r around (x, y) to a path. */
export function addOutline(path, shape, x, y, r) {
  const outline = OUTLINES[shape]
  if (!outline) {
    path.moveTo(x + r, y)
    path.arc(x, y, r, 0, 2 * Math.PI)
    return
  }
  outline.forEach(([a, b], i) => (i ? path.lineTo(x + a * r, y + b * r) : path.moveTo(x + a * r, y + b * r)))
  path.closePath()
}
