// A scatter that is drawn, moved, zoomed and selected from in the browser alone: on the stage, on the page Latent space and
// in the file that opens offline. Long, because it is one closure: what is drawn, the view and what the focus is on
// share some thirty variables, which parts in files of their own would have to hand to each other. What needs none of them
// (layout, view, grid, shapes, sizes, overlay, keys, pointer, drawing itself) is beside it.

import { createRenderer } from "./draw.js"
import { createGrid } from "./grid.js"
import { actOf, nextPoint } from "./keys.js"
import { between, ease, unpack } from "./layout.js"
import { drawCross, drawPath, drawPicture, drawRing, drawWord } from "./overlay.js"
import { listenToPointer } from "./pointer.js"
import { createSelection, inPolygon } from "./select.js"
import { colorTable, toRgb, UNKNOWN } from "./shapes.js"
import { MOST_SHAPED, SHAPES_FROM, shiftOf, sizeOf, thin } from "./sizes.js"
import { CHOSEN, DIM, HIDDEN, levelOf } from "./standing.js"
import { createView } from "./view.js"

const HIT = 12
const MOST_PICTURES = 160
const MOVED_AS_PICTURE = 10_000 // more points are not drawn again for each step of a drag: their picture is moved
const MARGIN = 0.2 // how much of the map's width and height is drawn beyond each edge, for a drag to bring in
const REST_MS = 160
const MOST_RINGED = 60 // so few selected points have a ring each where colors are numbers and would hide them

/**
 * @typedef {object} PlotOptions
 * @property {string[]} palette colors of classes
 * @property {string} text
 * @property {string} background
 * @property {boolean} isDark whether the ground is
 * @property {string} [font]
 * @property {object} [selection] of select.js
 * @property {number} [morphMs] how long points take to their next places
 * @property {string} [renderer] "canvas": without WebGL
 * @property {boolean} [isKept] the picture can be read at any time
 * @property {(place: number, x: number, y: number, event?: Event) => void} [onHover] −1: over no point; x, y of the window
 * @property {(place: number, event: Event) => void} [onPick] a click or Enter on a point
 * @property {(how: string) => void} [onSelected] after a lasso or a box
 * @property {(x: number, y: number, event: PointerEvent, isStart: boolean) => void} [onPress] map coordinates, in mode "press"
 * @property {(event: KeyboardEvent) => boolean} [onKey] true: the key is dealt with
 * @property {() => void} [onView] what is seen has changed and come to rest
 * @property {() => void} [onPainted] after the first time that points were drawn
 * @property {(pen: CanvasRenderingContext2D, point: number) => void} [drawBehind] point: a point's diameter
 * @property {(pen: CanvasRenderingContext2D, point: number) => void} [drawOver]
 * @property {() => boolean} [canHover]
 * @property {(places: number[]) => Promise<Map<number, HTMLCanvasElement> | null>} [pictures]
 */

/**
 * @param {HTMLElement} root an element with a size of its own
 * @param {PlotOptions} options
 */
export function createPlot(root, options) {
  const selection = options.selection ?? createSelection(0)
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches
  const morphMs = isCalm ? 0 : (options.morphMs ?? 450)
  const [behind, canvas, over] = ["behind", "points", "over"].map((name) => {
    const layer = document.createElement("canvas")
    layer.className = `scatter-${name}`
    Object.assign(layer.style, {
      position: "absolute",
      inset: "0",
      width: "100%",
      height: "100%",
      display: "block",
    })
    return layer
  })
  behind.hidden = !options.drawBehind
  over.tabIndex = 0
  over.setAttribute("role", "application")
  Object.assign(root.style, { position: "relative", overflow: "hidden" })
  root.append(...(options.drawBehind ? [behind] : []), canvas, over)
  const renderer = createRenderer(canvas, { force: options.renderer, isKept: options.isKept })
  const pen = over.getContext("2d")
  const width = () => over.clientWidth
  const height = () => over.clientHeight
  const view = createView(() => [width(), height()])
  const { toScreen, toData } = view

  let first = null // layouts: where points come from, and where they go
  let last = null
  let xs = new Float32Array(0)
  let ys = xs
  let fromXs = xs
  let fromYs = xs
  let grid = null
  let codes = null
  let legend = { kind: "category", names: [] }
  let looks = null // bits FAINT and LARGE of each point
  let hiddenMask = null
  let isolated = new Set()
  let states = new Uint8Array(0)
  let levels = [2]
  let began = 0
  let request = 0
  let frames = 0
  let isPainted = false
  let hasPoints = true
  let isOutlined = false
  let outline = null
  let mode = "pan"
  let combine = "replace"
  let hovered = -1
  let isByKeys = false // what is told of a point was asked for by keys
  let focused = -1
  let marks = []
  let pictures = new Map()
  let asked = ""
  let every = 1 // while a slow machine moves points from layout to layout, it draws every so many only
  let lastFrame = 0
  let wasMorphing = false
  let settle = 0
  let zoomTimer = 0
  let drawn = null // the view that the points' canvas shows, while it is true but for its place
  let movedAt = -Infinity
  let isOverEmpty = false
  let ringed = []

  const progress = () => (began && morphMs ? Math.min(1, (performance.now() - began) / morphMs) : 1)
  const isShown = (i) => !(states[i] & HIDDEN)
  const isMovedAsPicture = () => xs.length > MOVED_AS_PICTURE
  const classCount = () => (legend.kind === "category" ? (legend.names?.length ?? 0) : (legend.classes ?? 0))
  function schedule() {
    if (!request) request = requestAnimationFrame(draw)
  }
  /** Draw the points again, not only their picture in another place. */
  function renew() {
    drawn = null
    schedule()
  }

  function pointSize() {
    return Math.min(14, sizeOf(xs.length, classCount()) * Math.max(1, Math.sqrt(view.zoom())))
  }

  /** A point's place on the screen, on its way too. */
  function screenOf(i) {
    const t = progress()
    if (t >= 1) return toScreen(xs[i], ys[i])
    const share = ease(t)
    return toScreen(fromXs[i] + (xs[i] - fromXs[i]) * share, fromYs[i] + (ys[i] - fromYs[i]) * share)
  }

  function draw() {
    request = 0
    if (!last || !codes || width() < 20) return
    const dpr = window.devicePixelRatio || 1
    const t = progress()
    const point = pointSize()
    if (!movePicture(t)) drawPoints(dpr, t, point)
    drawLayers(dpr, point)
    frames++
    if (t < 1) schedule()
    else if (began) {
      began = 0
      askPictures()
    }
    if (!isPainted) {
      isPainted = true
      over.dataset.painted = String(Math.round(performance.now()))
      options.onPainted?.()
    }
    over.dataset.frames = String(frames)
    over.dataset.view = [view.x, view.y, view.k].map((v) => v.toPrecision(6)).join(",")
  }

  /** Puts the picture that is there in its new place; false when it must be drawn again. */
  function movePicture(t) {
    if (!drawn || t < 1) return false
    // Only what lies over the points has changed.
    if (drawn.x === view.x && drawn.y === view.y && drawn.k === view.k && !canvas.style.transform) return true
    if (!isMovedAsPicture() || performance.now() - movedAt >= REST_MS) return false
    const shift = shiftOf(drawn, view, width(), height())
    if (shift) canvas.style.transform = `translate(${shift.dx}px, ${shift.dy}px) scale(${shift.scale})`
    return Boolean(shift)
  }

  function drawPoints(dpr, t, point) {
    adapt(t < 1)
    // The very first picture is the quickest one; what lies beyond the edges is drawn when it has been seen.
    const margin = isMovedAsPicture() && isPainted ? MARGIN : 0
    if (isMovedAsPicture() && !isPainted) settle = setTimeout(renew, 2 * REST_MS)
    const mx = Math.round(width() * margin)
    const my = Math.round(height() * margin)
    const w = width() + 2 * mx
    const h = height() + 2 * my
    fitCanvas(canvas, w, h, dpr)
    Object.assign(canvas.style, {
      left: `${-mx}px`,
      top: `${-my}px`,
      width: `${w}px`,
      height: `${h}px`,
      transform: "",
    })
    const head = ({ low, size }) => [low[0], low[1], size]
    const manyClasses = classCount() > 10 && xs.length <= MOST_SHAPED
    renderer.draw({
      from: head(first.head),
      to: head(last.head),
      t: ease(t),
      view: [view.x, view.y, (2 * view.k) / w, (2 * view.k) / h],
      point,
      hasShapes: legend.kind !== "number" && (manyClasses || point >= SHAPES_FROM),
      anyChosen: selection.size > 0,
      levels: hasPoints ? levels : [],
      alpha: xs.length > 20_000 ? 0.75 : 0.88,
      dim: options.isDark ? 0.45 : 0.26,
      dpr,
      every,
      ink: outline ?? toRgb(options.text),
      isOutlined,
    })
    drawn = t >= 1 ? { x: view.x, y: view.y, k: view.k, mx, my } : null
    over.dataset.every = String(every)
  }

  function fitCanvas(one, w, h, dpr) {
    const across = Math.round(w * dpr)
    const down = Math.round(h * dpr)
    if (one.width !== across) one.width = across
    if (one.height !== down) one.height = down
  }

  /** Fewer points while they flow to other places and the machine is slow; all of them at rest. */
  function adapt(isMorphing) {
    const now = performance.now()
    const took = now - lastFrame
    const isFirst = !wasMorphing
    lastFrame = now
    wasMorphing = isMorphing
    if (!isMorphing) every = 1
    else if (!isFirst) every = thin(every, took, xs.length)
  }

  function drawLayers(dpr, point) {
    if (options.drawBehind) {
      fitCanvas(behind, width(), height(), dpr)
      const under = behind.getContext("2d")
      under.setTransform(dpr, 0, 0, dpr, 0, 0)
      under.clearRect(0, 0, width(), height())
      options.drawBehind(under, point)
    }
    const rings = legend.kind === "number" ? ringed : []
    const isEmpty =
      !rings.length &&
      !pictures.size &&
      hovered < 0 &&
      focused < 0 &&
      !marks.length &&
      !pointer.path &&
      !options.drawOver
    fitCanvas(over, width(), height(), dpr)
    if (isEmpty && isOverEmpty) return
    isOverEmpty = isEmpty
    pen.setTransform(dpr, 0, 0, dpr, 0, 0)
    pen.clearRect(0, 0, width(), height())
    if (progress() === 1) for (const [place, picture] of pictures) drawPictureOf(place, picture)
    options.drawOver?.(pen, point)
    for (const i of rings) drawRing(pen, options, ...screenOf(i), point / 2 + 3)
    over.dataset.ringed = String(rings.length)
    for (const i of new Set([hovered, focused]))
      if (i >= 0) drawRing(pen, options, ...screenOf(i), point / 2 + 5)
    for (const mark of marks) drawMark(mark, point)
    if (pointer.path) drawPath(pen, options, pointer.path, mode === "box")
  }

  function drawPictureOf(place, picture) {
    if (!view.isSeen(xs[place], ys[place])) return
    const isClear = isShown(place) && (!selection.size || selection.mask[place])
    const table = colorTable(legend, options.palette)
    const color = `rgb(${table.slice(4 * codes[place], 4 * codes[place] + 3).join(",")})`
    drawPicture(pen, picture, ...toScreen(xs[place], ys[place]), {
      color,
      alpha: isClear ? 1 : 0.25,
      width: width(),
      height: height(),
    })
  }

  /** A named place of the map, or a named point. */
  function drawMark(mark, point) {
    if (mark.place === undefined) {
      const [x, y] = toScreen(mark.x, mark.y)
      drawCross(pen, options, x, y)
      drawWord(pen, options, mark.text, x + 12, y + 4)
    } else if (mark.place < xs.length) {
      const [x, y] = screenOf(mark.place)
      drawRing(pen, options, x, y, point / 2 + 5)
      drawWord(pen, options, mark.text, x + point / 2 + 8, y - point / 2 - 3)
    }
  }

  /** Pictures instead of points where few are in view. */
  async function askPictures() {
    if (!options.pictures || !grid || began) return
    const [x0, y1] = toData(0, 0)
    const [x1, y0] = toData(width(), height())
    const seen = []
    grid.inBox(x0, y0, x1, y1, (i) => {
      const isIn = xs[i] >= x0 && xs[i] <= x1 && ys[i] >= y0 && ys[i] <= y1
      if (isIn && seen.length <= MOST_PICTURES) seen.push(i)
    })
    const key = seen.length > MOST_PICTURES || !seen.length ? "" : seen.join(",")
    if (key === asked) return
    asked = key
    if (!key) {
      if (!pictures.size) return
      pictures = new Map()
      return schedule()
    }
    const found = await options.pictures(seen).catch(() => null)
    if (!found || asked !== key) return
    pictures = found
    over.dataset.pictures = String(found.size)
    schedule()
  }

  function rested() {
    askPictures()
    options.onView?.()
  }

  function setStates() {
    const n = xs.length
    if (states.length !== n) states = new Uint8Array(n)
    const { mask } = selection
    const found = new Set()
    const anyChosen = selection.size > 0
    ringed = []
    for (let i = 0; i < n; i++) {
      const isHidden = hiddenMask ? hiddenMask[i] : isolated.size && !isolated.has(codes ? codes[i] : 0)
      states[i] = (mask[i] ? CHOSEN : 0) | (isHidden ? HIDDEN : 0) | (looks ? looks[i] : 0)
      found.add(levelOf(states[i], anyChosen))
      if (mask[i] && selection.size <= MOST_RINGED) ringed.push(i)
    }
    levels = [...found].sort()
    renderer.setStates(states)
    over.dataset.selected = String(selection.size)
    over.dataset.dimmed = String(found.has(DIM))
    renew()
  }
  const unwatch = selection.watch(setStates)

  /**
   * Points flow to these places from where they are, unless they are others.
   * @param {Uint16Array} points x, y, x, y …
   * @param {import("./layout.js").Head} head
   * @param {number[]} [limits] what "all" shows, [x0, y0, x1, y1]; without it all points
   */
  function setPoints(points, head, limits = null) {
    const n = points.length / 2
    const isSame = last?.points.length === points.length
    const next = { points, head }
    const isOnItsWay = isSame && progress() < 1 && n <= MOST_SHAPED
    // Very many points go on from the end of the move that they are in the middle of.
    first = isOnItsWay ? between(first, last, ease(progress())) : isSame ? last : next
    last = next
    const from = isSame ? unpack(first.points, first.head) : null
    ;({ xs, ys } = unpack(points, head))
    fromXs = from?.xs ?? xs
    fromYs = from?.ys ?? ys
    grid = createGrid(xs, ys)
    if (selection.mask.length !== n) selection.resize(n)
    renderer.setPlaces(first.points, points)
    if (!isSame) {
      codes = new Uint8Array(n).fill(UNKNOWN)
      renderer.setColors(codes, colorTable(legend, options.palette))
      renderer.setSizes(new Uint8Array(n).fill(128))
      isolated = new Set()
      hiddenMask = looks = null
      hovered = focused = -1
      pictures = new Map()
    }
    setStates()
    view.setLimits(limits ?? grid.bounds, !isSame)
    began = isSame ? performance.now() : 0
    asked = ""
    renew()
    if (!began) askPictures()
  }

  function select(places, how) {
    selection.change(places, how)
    options.onSelected?.(how)
  }

  /** Chooses what lies in a polygon of the screen. */
  function selectPath(path, how) {
    const polygon = new Float64Array(path.length)
    const found = []
    for (let i = 0; i < path.length; i += 2) [polygon[i], polygon[i + 1]] = toData(path[i], path[i + 1])
    inPolygon(grid, xs, ys, polygon, (i) => {
      if (isShown(i)) found.push(i)
    })
    over.dataset.polygon = JSON.stringify([...polygon].map((v) => +v.toPrecision(9)))
    select(found, how)
  }

  /** After something has moved: at rest all points are drawn where they belong. */
  function moved() {
    movedAt = performance.now()
    clearTimeout(settle)
    if (isMovedAsPicture()) settle = setTimeout(renew, REST_MS + 10)
    schedule()
  }

  const nearest = (x, y, reach = HIT) => (grid ? grid.nearest(...toData(x, y), reach / view.k, isShown) : -1)
  const howOf = (event) => (event.altKey ? "subtract" : event.shiftKey ? "add" : combine)

  /** A page that is drawn again moves under a pointer at rest: that takes nothing away that keys have opened. */
  const isAtRest = (event) => isByKeys && !event.movementX && !event.movementY

  function hover(event, [x, y]) {
    if (isAtRest(event)) return
    isByKeys = false
    const found = progress() === 1 && (options.canHover?.() ?? true) ? nearest(x, y) : -1
    if (found !== hovered) {
      hovered = found
      schedule()
    }
    options.onHover?.(found, event.clientX, event.clientY, event)
  }

  function leave(event, isDragging) {
    if (isAtRest(event)) return
    if (!isDragging && hovered >= 0) {
      hovered = -1
      schedule()
    }
    options.onHover?.(-1)
  }

  function click(event, [x, y], isPath) {
    if (!grid) return
    const found = nearest(x, y)
    if (found >= 0) {
      if (mode !== "press") focused = found
      options.onPick?.(found, event)
    } else if (isPath && !event.shiftKey && !event.altKey) {
      selection.clear()
      options.onSelected?.("replace")
    }
  }

  const pointer = listenToPointer(over, {
    mode: () => mode,
    hover,
    leave,
    click,
    begin() {
      if (hovered >= 0) hovered = -1
      isByKeys = false
      options.onHover?.(-1)
      return [view.x, view.y]
    },
    press([x, y], event, isStart) {
      if (grid || !isStart) options.onPress?.(...toData(x, y), event, isStart)
    },
    pan([x, y], dx, dy) {
      view.moveTo(x - dx / view.k, y + dy / view.k)
      moved()
    },
    draw: schedule,
    path(path, event) {
      if (grid) selectPath(path, howOf(event))
    },
    rest: () => grid && rested(),
    end: renew,
    zoom: (factor, [x, y]) => zoomBy(factor, x, y),
  })
  over.addEventListener("dblclick", showAll)
  const acts = {
    walk,
    pan([dx, dy]) {
      view.moveBy(60 * dx, -60 * dy)
      renew()
      rested()
    },
    zoom: (factor) => zoomBy(factor, ...focusSpot()),
    all: showAll,
    pick: (event) => focused >= 0 && options.onPick?.(focused, event),
    toggle: () => focused >= 0 && select([focused], selection.mask[focused] ? "subtract" : "add"),
    clear() {
      selection.clear()
      options.onSelected?.("replace")
    },
    selectShown,
  }
  over.addEventListener("keydown", (event) => {
    if (options.onKey?.(event)) return
    const [act, detail] = actOf(event)
    if (!act) return
    if (act === "walk" || act === "pan") event.stopPropagation()
    // A space is given back where it chooses nothing.
    if (["walk", "pan", "selectShown"].includes(act) || (act === "toggle" && focused >= 0))
      event.preventDefault()
    acts[act](detail ?? event)
  })

  /** Where keys zoom to: the point that has the focus, else the middle. */
  const focusSpot = () => (focused >= 0 ? toScreen(xs[focused], ys[focused]) : [width() / 2, height() / 2])

  /** Moves the focus to the nearest point in a direction. */
  function walk([dx, dy]) {
    if (!grid) return
    if (focused < 0) focused = grid.nearest(view.x, view.y, Infinity, isShown)
    else focused = nextPoint(xs, ys, focused, [dx, dy], isShown)
    if (focused < 0) return
    bringIntoView(focused)
    const [x, y] = toScreen(xs[focused], ys[focused])
    const box = over.getBoundingClientRect()
    const within = (value, most) => Math.max(0, Math.min(most, value))
    isByKeys = true
    options.onHover?.(focused, box.left + within(x, width()), box.top + within(y, height()))
    schedule()
  }

  function bringIntoView(i) {
    if (view.isSeen(xs[i], ys[i])) return
    view.moveTo(xs[i], ys[i])
    renew()
  }

  function selectShown() {
    const found = []
    for (let i = 0; i < xs.length; i++) if (isShown(i)) found.push(i)
    select(found, combine)
  }

  /** Selects the points of a class, as the marks of a lasso are combined. */
  function selectCode(code) {
    const found = []
    for (let i = 0; i < xs.length; i++) if (codes?.[i] === code) found.push(i)
    select(found, combine)
  }

  function zoomBy(factor, px = width() / 2, py = height() / 2) {
    if (!grid) return
    view.zoomBy(factor, px, py)
    moved()
    clearTimeout(zoomTimer)
    zoomTimer = setTimeout(rested, REST_MS)
  }

  function showAll() {
    view.fit()
    renew()
    rested()
  }

  canvas.addEventListener("redraw", renew)
  const watcher = new ResizeObserver(() => {
    if (view.isFitted) view.fit()
    renew()
    rested()
  })
  watcher.observe(root)

  return {
    canvas,
    over,
    renderer: renderer.kind,
    get count() {
      return xs.length
    },
    get frames() {
      return frames
    },
    get isolated() {
      return isolated
    },
    get zoom() {
      return view.zoom()
    },
    get hovered() {
      return hovered
    },
    toScreen,
    toData,
    screenOf,
    nearest,
    setPoints,
    /** codes: a byte a point; legend: see shapes.js. */
    setColors(newCodes, newLegend) {
      if (newCodes.length !== xs.length) return
      codes = newCodes
      legend = newLegend
      isolated = new Set()
      renderer.setColors(codes, colorTable(legend, options.palette))
      setStates()
    },
    /** Bytes: how large each point is; null for all alike. */
    setSizes(newSizes) {
      renderer.setSizes(newSizes?.length === xs.length ? newSizes : new Uint8Array(xs.length).fill(128))
      renew()
    },
    /** Which points are pushed back, a byte each, or null for none; and bits FAINT and LARGE, or null. */
    setStanding(newHidden, newLooks) {
      hiddenMask = newHidden
      looks = newLooks
      setStates()
    },
    /** A rim around every point, or none; color: [red, green, blue]. Without points only the layers are drawn. */
    setStyle({ hasRim = false, color = null, isBare = false }) {
      if (isOutlined === hasRim && hasPoints === !isBare) return
      isOutlined = hasRim
      outline = hasRim ? color : null
      hasPoints = !isBare
      renew()
    },
    setMode(name) {
      mode = name
      over.dataset.mode = name
    },
    setCombine(how) {
      combine = how
    },
    isolate(code) {
      if (isolated.has(code)) isolated.delete(code)
      else isolated.add(code)
      setStates()
      return isolated
    },
    selectShown,
    selectCode,
    setMarks(list) {
      marks = list
      schedule()
    },
    focus(place) {
      focused = place
      if (place >= 0) bringIntoView(place)
      schedule()
    },
    setTheme(text, background, isDark, font = options.font) {
      Object.assign(options, { text, background, isDark, font })
      renew()
    },
    zoomBy,
    fit: showAll,
    redraw: schedule,
    destroy() {
      cancelAnimationFrame(request)
      watcher.disconnect()
      unwatch()
      clearTimeout(zoomTimer)
      clearTimeout(settle)
      renderer.destroy()
      for (const layer of [behind, canvas, over]) layer.remove()
    },
  }
}
