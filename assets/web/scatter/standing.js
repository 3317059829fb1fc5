// How a point stands among the others, by its byte of state: in which order it is drawn, how large and how pale. Both ways
// of drawing (webgl.js, pixels.js) follow these rules.

export const CHOSEN = 1
export const HIDDEN = 2
export const FAINT = 4 // small and pale, under the others
export const LARGE = 8 // large and outlined, over the others
export const LARGER = 2.2
export const SMALLER = 0.7
export const PALE = 0.4

export const DIM = 0
const PLAIN = 2
/**
 * In which order points are drawn: dim, faint, plain, large.
 * @param {number} state bits of CHOSEN, HIDDEN, FAINT, LARGE
 * @param {boolean} anyChosen whether any point of the map is chosen
 */
export function levelOf(state, anyChosen) {
  if (state & HIDDEN || (anyChosen && !(state & CHOSEN))) return DIM
  return state & FAINT ? 1 : state & LARGE ? 3 : PLAIN
}

/** How much larger than others the points of a level are. */
export const scaleOf = (level) => (level === 3 ? LARGER : level === 1 ? SMALLER : 1)
export const alphaOf = ({ alpha, dim }, level) => alpha * (level === DIM ? dim : level === 1 ? PALE : 1)
