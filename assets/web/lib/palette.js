// Colors and marker shapes of classes, the same as in selfsup_core/figures/palette.py.
// Okabe and Ito, 2008: colors that color-blind people can tell apart. The shape is the second cue.

export const COLORS = [
  "#0072B2",
  "#E69F00",
  "#009E73",
  "#D55E00",
  "#CC79A7",
  "#56B4E9",
  "#8C6D00",
  "#7A7A7A",
  "#5B3FA8",
  "#A3C644",
]
const NO_CLASS = "#9AA0A6"

export const classColor = (index) => (index >= 0 ? COLORS[index % COLORS.length] : NO_CLASS)

// Each adds a closed outline of about radius r around (x, y) to the path.
const polygon = (corners, turn) => (path, x, y, r) => {
  for (let i = 0; i <= corners; i++) {
    const angle = turn + (i * 2 * Math.PI) / corners
    const px = x + r * Math.cos(angle),
      py = y + r * Math.sin(angle)
    if (i === 0) path.moveTo(px, py)
    else path.lineTo(px, py)
  }
}
const cross = (turn) => (path, x, y, r) => {
  const w = r * 0.42
  const outline = [
    [-w, -r],
    [w, -r],
    [w, -w],
    [r, -w],
    [r, w],
    [w, w],
    [w, r],
    [-w, r],
    [-w, w],
    [-r, w],
    [-r, -w],
    [-w, -w],
    [-w, -r],
  ]
  const cos = Math.cos(turn),
    sin = Math.sin(turn)
  outline.forEach(([a, b], i) => {
    const px = x + a * cos - b * sin,
      py = y + a * sin + b * cos
    if (i === 0) path.moveTo(px, py)
    else path.lineTo(px, py)
  })
}
const star = (path, x, y, r) => {
  for (let i = 0; i <= 10; i++) {
    const angle = -Math.PI / 2 + (i * Math.PI) / 5,
      length = i % 2 ? r * 0.5 : r * 1.15
    const px = x + length * Math.cos(angle),
      py = y + length * Math.sin(angle)
    if (i === 0) path.moveTo(px, py)
    else path.lineTo(px, py)
  }
}
const SHAPES = [
  (path, x, y, r) => {
    path.moveTo(x + r, y)
    path.arc(x, y, r, 0, 2 * Math.PI)
  },
  polygon(4, Math.PI / 4),
  polygon(3, -Math.PI / 2),
  polygon(4, 0),
  cross(0),
  cross(Math.PI / 4),
  polygon(3, Math.PI / 2),
  star,
  polygon(5, -Math.PI / 2),
  polygon(6, 0),
]

// Colors repeat after ten classes, and then come with another shape.
const shapeOf = (index) => (index >= 0 ? (index + 3 * Math.floor(index / COLORS.length)) % SHAPES.length : 0)
export const addShape = (path, index, x, y, r) => SHAPES[shapeOf(index)](path, x, y, r)
