// What keys mean on a map, and which point lies next in a direction.

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }
const ZOOMS = { "+": 1.4, "=": 1.4, "-": 1 / 1.4 }
const ACTS = { 0: "all", Enter: "pick", " ": "toggle", Escape: "clear" }

/**
 * What a key asks for, and its direction or factor; [] when nothing.
 * @param {{key: string, shiftKey?: boolean, ctrlKey?: boolean, metaKey?: boolean}} event
 */
export function actOf({ key, shiftKey, ctrlKey, metaKey }) {
  if (STEPS[key]) return [shiftKey ? "pan" : "walk", STEPS[key]]
  if (ZOOMS[key]) return ["zoom", ZOOMS[key]]
  if (ACTS[key]) return [ACTS[key]]
  return key === "a" && (ctrlKey || metaKey) ? ["selectShown"] : []
}

/**
 * The nearest point within 45° of a direction; the same point when there is none.
 * @param {Float32Array} xs
 * @param {Float32Array} ys
 * @param {number} from
 * @param {number[]} direction [1, 0] to the right, [0, 1] up
 * @param {(i: number) => boolean} isShown
 */
export function nextPoint(xs, ys, from, [dx, dy], isShown) {
  let best = Infinity
  let found = from
  for (let i = 0; i < xs.length; i++) {
    if (i === from || !isShown(i)) continue
    const ax = xs[i] - xs[from]
    const ay = ys[i] - ys[from]
    const along = ax * dx + ay * dy
    const across = Math.abs(ax * dy) + Math.abs(ay * dx)
    if (along <= 0 || across > along) continue
    const distance = along * along + 4 * across * across
    if (distance >= best) continue
    best = distance
    found = i
  }
  return found
}
