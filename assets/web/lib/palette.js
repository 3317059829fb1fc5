// Colors and marker shapes of classes, the same as in selfsup_core/figures/palette.py.
// Okabe and Ito, 2008: colors that color-blind people can tell apart. The shape is the second cue.

import { addOutline, shapeOf } from "../scatter/shapes.js"

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

/**
 * Adds a class's shape of about radius r around (x, y) to a path.
 * @param {Path2D | CanvasRenderingContext2D} path
 * @param {number} index number of the class, −1 for none
 */
export const addShape = (path, index, x, y, r) => addOutline(path, shapeOf(index), x, y, r)
