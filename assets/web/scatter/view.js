// Which part of the map is seen: its middle in map coordinates and pixels a unit, the same on both axes.

const MOST_ZOOM = 400
const LEAST_ZOOM = 0.3
const ROOM = 28 // pixels that stay free when all is shown, so that points at the edge are whole

/** @param {() => number[]} size width and height in pixels */
export function createView(size) {
  const view = { x: 0, y: 0, k: 1, isFitted: true }
  let limits = null // [x0, y0, x1, y1]
  const fitScale = () => {
    const [width, height] = size()
    const [x0, y0, x1, y1] = limits
    const k = Math.min((width - ROOM) / (x1 - x0 || 1), (height - ROOM) / (y1 - y0 || 1))
    return Math.max(k, 1e-9)
  }

  return Object.assign(view, {
    toScreen(x, y) {
      const [width, height] = size()
      return [width / 2 + (x - view.x) * view.k, height / 2 - (y - view.y) * view.k]
    },
    toData(px, py) {
      const [width, height] = size()
      return [view.x + (px - width / 2) / view.k, view.y - (py - height / 2) / view.k]
    },
    /** How much larger than when all is shown. */
    zoom: () => (limits ? view.k / fitScale() : 1),
    fit() {
      if (!limits) return
      const [x0, y0, x1, y1] = limits
      Object.assign(view, { x: (x0 + x1) / 2, y: (y0 + y1) / 2, k: fitScale(), isFitted: true })
    },
    /** What "all" is. A view that shows all still does; another keeps showing the same share of it. */
    setLimits(next, isOther = false) {
      const old = limits
      const before = old && fitScale()
      limits = next
      if (!old || isOther || view.isFitted) return view.fit()
      const after = fitScale()
      view.x = (next[0] + next[2]) / 2 + ((view.x - (old[0] + old[2]) / 2) * before) / after
      view.y = (next[1] + next[3]) / 2 + ((view.y - (old[1] + old[3]) / 2) * before) / after
      view.k *= after / before
    },
    /** The place under (px, py) stays where it is. */
    zoomBy(factor, px, py) {
      if (!limits) return
      const [width, height] = size()
      const [x, y] = view.toData(px, py)
      const fitted = fitScale()
      const k = Math.max(LEAST_ZOOM * fitted, Math.min(MOST_ZOOM * fitted, view.k * factor))
      Object.assign(view, {
        x: x - (px - width / 2) / k,
        y: y + (py - height / 2) / k,
        k,
        isFitted: false,
      })
    },
    moveTo(x, y) {
      Object.assign(view, { x, y, isFitted: false })
    },
    moveBy(px, py) {
      view.moveTo(view.x + px / view.k, view.y - py / view.k)
    },
    isSeen(x, y) {
      const [width, height] = size()
      const [px, py] = view.toScreen(x, y)
      return px >= 0 && py >= 0 && px <= width && py <= height
    },
  })
}
