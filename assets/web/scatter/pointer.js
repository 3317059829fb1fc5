// Drags, clicks and the wheel over a map, told as what they mean there.

const STILL = 4 // pixels that a click may move

/** Corners of a box that was drawn from one to the other, as a polygon. */
export const cornersOf = ([x0, y0, x1, y1]) => [x0, y0, x1, y0, x1, y1, x0, y1]

/**
 * @typedef {object} PointerActs places are pixels of the element, [x, y]
 * @property {() => string} mode "pan", "lasso", "box" or "press"
 * @property {(event: PointerEvent, at: number[]) => void} hover
 * @property {(event: PointerEvent, isDragging: boolean) => void} leave
 * @property {() => number[]} begin the middle of the view as a drag begins
 * @property {(event: PointerEvent, at: number[], isPath: boolean) => void} click
 * @property {(at: number[], event: PointerEvent, isStart: boolean) => void} press
 * @property {(middle: number[], dx: number, dy: number) => void} pan
 * @property {() => void} draw what is drawn around has grown
 * @property {(path: number[], event: PointerEvent) => void} path it is closed
 * @property {() => void} rest after a pan
 * @property {() => void} end after any drag
 * @property {(factor: number, at: number[]) => void} zoom
 */

/**
 * @param {HTMLElement} over
 * @param {PointerActs} acts
 * @returns {{path: ?number[]}} what is being drawn around
 */
export function listenToPointer(over, acts) {
  let drag = null
  const spot = (event) => {
    const box = over.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  over.addEventListener("pointerdown", (event) => {
    if (event.button) return
    over.focus({ preventScroll: true })
    over.setPointerCapture(event.pointerId)
    const [x, y] = spot(event)
    const mode = acts.mode()
    const presses = mode === "press" && !event.shiftKey
    const isPath = mode === "lasso" || mode === "box"
    drag = { x, y, middle: acts.begin(), isStill: true, presses, path: isPath ? [x, y] : null }
    if (presses) acts.press([x, y], event, true)
  })
  over.addEventListener("pointermove", (event) => {
    const [x, y] = spot(event)
    if (!drag) return acts.hover(event, [x, y])
    if (Math.hypot(x - drag.x, y - drag.y) > STILL) drag.isStill = false
    if (drag.presses) return acts.press([x, y], event, false)
    if (!drag.path) return acts.pan(drag.middle, x - drag.x, y - drag.y)
    if (acts.mode() === "box") drag.path = [drag.x, drag.y, x, y]
    else if (Math.hypot(x - drag.path.at(-2), y - drag.path.at(-1)) > 2) drag.path.push(x, y)
    acts.draw()
  })
  over.addEventListener("pointerup", (event) => {
    const done = drag
    drag = null
    if (!done) return
    if (done.isStill) acts.click(event, spot(event), Boolean(done.path))
    else if (done.path) acts.path(acts.mode() === "box" ? cornersOf(done.path) : done.path, event)
    else if (!done.presses) acts.rest()
    acts.end()
  })
  // After the drag everything is drawn again.
  over.addEventListener("lostpointercapture", () => acts.end())
  over.addEventListener("pointercancel", () => {
    drag = null
    acts.end()
  })
  over.addEventListener("pointerleave", (event) => acts.leave(event, Boolean(drag)))
  over.addEventListener(
    "wheel",
    (event) => {
      // Someone who scrolls past the map does not mean it; a click on it, or Ctrl, says so.
      if (document.activeElement !== over && !event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      acts.zoom(Math.exp(-event.deltaY * 0.0015), spot(event))
    },
    { passive: false },
  )
  return {
    get path() {
      return drag?.path ?? null
    },
  }
}
