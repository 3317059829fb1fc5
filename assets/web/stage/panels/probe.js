// Drag to decode: a place on the map as the decoder sees it, a lattice of such places, and the posterior of a sample.

import { el, setText } from "../../lib/dom.js"
import { latest } from "../asking.js"
import { drawItem, itemAt } from "../items.js"

const CELL = 30,
  MOST = 441,
  SIZE = 96,
  WAIT = 180

/**
 * @param {{body: HTMLElement, foot: HTMLElement}} root the map's panel
 * @param {{toData: (x: number, y: number) => number[], toScreen: (x: number, y: number) => number[], redraw: () => void, size: () => number[]}} map
 */
export function createProbe(root, ctx, map) {
  const card = el("div", { class: "stage-card lab-decoded", hidden: true, "data-testid": "decode-card" })
  // Its line is there from the start, so that the panels keep their size when it is filled.
  const how = el("p", { class: "stage-how" }, "\u00a0")
  root.body.append(card)
  root.foot.append(how)
  const askPoint = latest(),
    askLattice = latest(),
    askEllipse = latest()
  let place = null,
    sample = null,
    view = null,
    lattice = null,
    hasLattice = false,
    latticeKey = "",
    timer = null,
    ellipse = null,
    ellipseKey = ""

  /** Decode a place in map coordinates. */
  function at(x, y, from = null, began = performance.now()) {
    place = [x, y]
    sample = from
    map.redraw()
    // The newest place when its turn comes; none, when the map was left meanwhile.
    askPoint(() => (place ? ctx.tool("decode", { points: [place], sample }) : null)).then((answer) => {
      if (!answer || !place) return
      if (answer.error) {
        card.replaceChildren(el("span", {}, answer.error))
        card.hidden = false
        put()
        return
      }
      card.replaceChildren(drawItem(view.statics, itemAt(answer.arrays.images, 0), { size: SIZE }))
      card.hidden = false
      card.dataset.ms = String(Math.round(performance.now() - began))
      setText(how, answer.about.how)
      put()
    })
  }

  function put() {
    if (!place) return
    const [x, y] = map.toScreen(...place),
      [width, height] = map.size()
    const left = x + 18 + card.offsetWidth > width ? x - card.offsetWidth - 18 : x + 18
    card.style.left = `${Math.max(0, left)}px`
    card.style.top = `${Math.max(0, Math.min(y - card.offsetHeight / 2, height - card.offsetHeight))}px`
  }

  function leave() {
    place = null
    card.hidden = true
    map.redraw()
  }

  /** A grid of places over what is seen, as one picture. */
  function wantLattice() {
    clearTimeout(timer)
    if (!hasLattice || !view) return
    timer = setTimeout(() => {
      const [width, height] = map.size(),
        side = Math.max(CELL, Math.sqrt((width * height) / MOST))
      const columns = Math.max(2, Math.floor(width / side)),
        rows = Math.max(2, Math.floor(height / side))
      const corner = map.toData(0, 0),
        far = map.toData(width, height)
      const key = [view.frame.epoch, columns, rows, ...corner, ...far]
        .map((v) => (typeof v === "number" ? v.toPrecision(4) : v))
        .join("|")
      if (key === latticeKey) return
      latticeKey = key
      const points = []
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++)
          points.push(map.toData(((c + 0.5) * width) / columns, ((r + 0.5) * height) / rows))
      askLattice(() => ctx.tool("decode", { points })).then((answer) => {
        if (!answer || answer.error || key !== latticeKey) return
        lattice = { image: atlas(answer.arrays.images, view.statics.shape, columns, rows), corner, far }
        setText(how, answer.about.how)
        map.redraw()
      })
    }, WAIT)
  }

  function wantEllipse() {
    const first = ctx.selection.first
    if (view.state.objective !== "variational" || first === null) {
      ellipse = null
      ellipseKey = ""
      return
    }
    const key = `${view.frame.epoch}|${first}`
    if (key === ellipseKey) return
    ellipseKey = key
    askEllipse(() => ctx.tool("posterior", { sample: first })).then((answer) => {
      if (!answer || key !== ellipseKey) return
      ellipse = answer.error
        ? null
        : { mean: answer.arrays.mean.data, covariance: answer.arrays.covariance.data }
      map.redraw()
    })
  }

  return {
    at,
    leave,
    wantLattice,
    get place() {
      return place
    },
    get hasLattice() {
      return hasLattice
    },
    toggleLattice() {
      hasLattice = !hasLattice
      latticeKey = ""
      if (!hasLattice) lattice = null
      wantLattice()
      map.redraw()
      return hasLattice
    },
    update(next) {
      const isNew = next.frame !== view?.frame
      view = next
      if (isNew && place) at(...place, sample)
      if (isNew) wantLattice()
      wantEllipse()
    },
    /** Under the points. */
    drawBehind(context) {
      if (!lattice) return
      const [x0, y0] = map.toScreen(...lattice.corner),
        [x1, y1] = map.toScreen(...lattice.far)
      context.imageSmoothingEnabled = false
      context.globalAlpha = 0.9
      context.drawImage(lattice.image, x0, y0, x1 - x0, y1 - y0)
      context.globalAlpha = 1
    },
    /** Over the points. */
    drawOver(context) {
      if (ellipse) drawEllipse(context, ellipse, map, view.theme)
      if (!place) return
      const [x, y] = map.toScreen(...place)
      context.lineWidth = 4
      for (const color of [view.theme.background, view.theme.text]) {
        context.strokeStyle = color
        context.beginPath()
        context.moveTo(x - 11, y)
        context.lineTo(x - 4, y)
        context.moveTo(x + 4, y)
        context.lineTo(x + 11, y)
        context.moveTo(x, y - 11)
        context.lineTo(x, y - 4)
        context.moveTo(x, y + 4)
        context.lineTo(x, y + 11)
        context.stroke()
        context.lineWidth = 2
      }
      put()
    },
    destroy() {
      clearTimeout(timer)
    },
  }
}

/** All decodings of the lattice side by side on one canvas. */
function atlas(images, [h, w, channels = 1], columns, rows) {
  const canvas = el("canvas", { width: columns * w, height: rows * h })
  const picture = new ImageData(columns * w, rows * h)
  for (let i = 0; i < columns * rows; i++) {
    const bytes = itemAt(images, i),
      left = (i % columns) * w,
      top = Math.floor(i / columns) * h
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const to = 4 * ((top + y) * columns * w + left + x),
          from = (y * w + x) * channels
        for (let c = 0; c < 3; c++) picture.data[to + c] = bytes[from + (channels === 3 ? c : 0)]
        picture.data[to + 3] = 255
      }
    }
  }
  canvas.getContext("2d").putImageData(picture, 0, 0)
  return canvas
}

/** Two standard deviations around the mean. */
function drawEllipse(context, { mean, covariance: [a, b, , d] }, map, theme) {
  const middle = (a + d) / 2,
    reach = Math.hypot((a - d) / 2, b),
    angle = 0.5 * Math.atan2(2 * b, a - d)
  const radii = [Math.sqrt(Math.max(0, middle + reach)), Math.sqrt(Math.max(0, middle - reach))]
  const [x, y] = map.toScreen(mean[0], mean[1]),
    [x1] = map.toScreen(mean[0] + 1, mean[1]),
    scale = x1 - x
  context.lineWidth = 2
  context.setLineDash([5, 3])
  context.strokeStyle = theme.text
  context.beginPath()
  // The screen's y goes down, so angles turn the other way.
  context.ellipse(
    x,
    y,
    Math.max(2, 2 * radii[0] * scale),
    Math.max(2, 2 * radii[1] * scale),
    -angle,
    0,
    2 * Math.PI,
  )
  context.stroke()
  context.setLineDash([])
}
