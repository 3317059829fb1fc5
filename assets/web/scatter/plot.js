// A scatter that is drawn, moved, zoomed and selected from in the browser alone.

import { CHOSEN, createRenderer, HIDDEN } from "./draw.js"
import { createGrid } from "./grid.js"
import { inPolygon } from "./select.js"
import { colorTable, UNKNOWN } from "./shapes.js"

const SLOW = 45,
  QUICK = 20,
  LEAST_MOVING = 10_000,
  MOST_SKIPPED = 32 // WebGL skips 255 bytes at most
const MORPH_MS = 450,
  HIT = 12,
  STILL = 4,
  MOST_PICTURES = 160,
  PICTURE = 30,
  MOST_ZOOM = 400
const SHAPES_FROM = 4.5 // pixels; smaller points are round

/**
 * @param root an element with a size of its own.
 * @param options.selection of select.js; options.palette of classes; options.text, options.background: colors; options.isDark: whether the ground is.
 * @param options.onHover (place, x, y), options.onPick (place), options.onSelected (how) after a lasso or a box.
 * @param options.pictures (places) → Promise of place → canvas, or null.
 */
export function createPlot(root, options) {
  const { selection } = options
  const canvas = document.createElement("canvas"),
    over = document.createElement("canvas")
  canvas.className = "scatter-points"
  over.className = "scatter-over"
  Object.assign(over, { tabIndex: 0 })
  over.setAttribute("role", "application")
  root.append(canvas, over)
  const renderer = createRenderer(canvas, { force: options.renderer })
  const pen = over.getContext("2d")
  let first = null,
    last = null,
    fromHead = null,
    toHead = null,
    xs = new Float32Array(0),
    ys = xs,
    grid = null
  let codes = null,
    legend = { kind: "category", names: [] },
    sizes = null,
    states = new Uint8Array(0)
  let isolated = new Set(),
    began = 0,
    request = 0,
    isPainted = false
  let zoomed = 0
  let mode = "pan",
    combine = "replace",
    drag = null,
    hovered = -1,
    focused = -1,
    marks = []
  let view = { x: 0, y: 0, k: 1 },
    isFitted = true // k: pixels a unit
  let pictures = new Map(),
    asked = "",
    frames = 0
  let every = 1,
    lastFrame = 0,
    settle = 0,
    wasMoving = false // while a slow machine moves the map, it draws every so many points only

  const width = () => over.clientWidth,
    height = () => over.clientHeight
  const toScreen = (x, y) => [width() / 2 + (x - view.x) * view.k, height() / 2 - (y - view.y) * view.k]
  const toData = (px, py) => [view.x + (px - width() / 2) / view.k, view.y - (py - height() / 2) / view.k]
  const progress = () => (began ? Math.min(1, (performance.now() - began) / MORPH_MS) : 1)
  const ease = (t) => (t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2)
  const schedule = () => {
    if (!request) request = requestAnimationFrame(draw)
  }
  const isShown = (i) => !(states[i] & HIDDEN)

  function fit() {
    if (!grid) return
    const [x0, y0, x1, y1] = grid.bounds
    view = {
      x: (x0 + x1) / 2,
      y: (y0 + y1) / 2,
      k: Math.min((width() - 28) / (x1 - x0 || 1), (height() - 28) / (y1 - y0 || 1)),
    }
    isFitted = true
  }
  const whole = () => {
    const [x0, y0, x1, y1] = grid.bounds
    return Math.min(width() / (x1 - x0 || 1), height() / (y1 - y0 || 1))
  }

  function pointSize() {
    const n = xs.length,
      base = n <= 500 ? 8 : n <= 2500 ? 6 : n <= 12_000 ? 4.2 : n <= 50_000 ? 3 : n <= 200_000 ? 2.2 : 1.4
    return grid ? Math.min(14, base * Math.max(1, Math.sqrt(view.k / whole()))) : base
  }

  function draw() {
    request = 0
    if (!toHead || !codes) return
    const dpr = window.devicePixelRatio || 1,
      t = progress(),
      point = pointSize()
    adapt(t < 1 || (drag && !drag.path && !drag.isStill) || performance.now() - zoomed < 400)
    for (const one of [canvas, over]) {
      const w = Math.round(width() * dpr),
        h = Math.round(height() * dpr)
      if (one.width !== w || one.height !== h) {
        one.width = w
        one.height = h
      }
    }
    const head = (h) => [h.low[0], h.low[1], h.size]
    renderer.draw({
      from: head(fromHead),
      to: head(toHead),
      t: ease(t),
      view: [view.x, view.y, (2 * view.k) / width(), (2 * view.k) / height()],
      point,
      hasShapes: legend.kind === "category" && point >= SHAPES_FROM,
      anyChosen: selection.size > 0,
      anyHidden: isolated.size > 0,
      alpha: xs.length > 20_000 ? 0.75 : 0.88,
      dim: options.isDark ? 0.45 : 0.26,
      dpr,
      every,
    })
    over.dataset.every = String(every)
    drawOver(dpr, point)
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

  function adapt(isMoving) {
    const now = performance.now(),
      took = now - lastFrame
    lastFrame = now
    clearTimeout(settle)
    const isFirst = !wasMoving
    wasMoving = isMoving
    if (!isMoving) {
      every = 1
      return
    }
    if (!isFirst) {
      if (took > SLOW && xs.length / every > LEAST_MOVING)
        every = Math.min(MOST_SKIPPED, 2 ** Math.ceil(Math.log2((every * took) / 30)))
      else if (took < QUICK && every > 1) every /= 2
    }
    if (every > 1)
      settle = setTimeout(
        () => {
          if (drag && !drag.isStill) return
          wasMoving = false
          zoomed = 0
          schedule()
        },
        Math.max(160, 1.5 * took),
      )
  }

  function drawOver(dpr, point) {
    pen.setTransform(dpr, 0, 0, dpr, 0, 0)
    pen.clearRect(0, 0, width(), height())
    if (progress() === 1)
      for (const [place, picture] of pictures) {
        const [x, y] = toScreen(xs[place], ys[place]),
          ratio = picture.width / picture.height,
          h = PICTURE / Math.max(1, ratio),
          w = h * ratio
        pen.globalAlpha = isShown(place) && (!selection.size || selection.mask[place]) ? 1 : 0.25
        pen.imageSmoothingEnabled = picture.width > w
        pen.drawImage(picture, x - w / 2, y - h / 2, w, h)
        pen.strokeStyle = cssColor(codes[place])
        pen.lineWidth = 2
        pen.strokeRect(x - w / 2, y - h / 2, w, h)
      }
    pen.globalAlpha = 1
    for (const i of new Set([hovered, focused]))
      if (i >= 0) {
        const [x, y] = toScreen(xs[i], ys[i])
        for (const [color, line] of [
          [options.background, 5],
          [options.text, 2],
        ]) {
          pen.strokeStyle = color
          pen.lineWidth = line
          pen.beginPath()
          pen.arc(x, y, point / 2 + 5, 0, 7)
          pen.stroke()
        }
      }
    for (const mark of marks) {
      const [x, y] = toScreen(mark.x, mark.y)
      for (const [color, line] of [
        [options.background, 6],
        [options.text, 2.5],
      ]) {
        pen.strokeStyle = color
        pen.lineWidth = line
        pen.beginPath()
        pen.moveTo(x - 9, y)
        pen.lineTo(x + 9, y)
        pen.moveTo(x, y - 9)
        pen.lineTo(x, y + 9)
        pen.stroke()
      }
      pen.font = `600 13px ${options.font || "sans-serif"}`
      pen.lineWidth = 4
      pen.strokeStyle = options.background
      pen.fillStyle = options.text
      pen.strokeText(mark.text, x + 12, y + 4)
      pen.fillText(mark.text, x + 12, y + 4)
    }
    if (drag?.path) {
      pen.beginPath()
      const path = drag.path
      if (mode === "box") pen.rect(path[0], path[1], path.at(-2) - path[0], path.at(-1) - path[1])
      else
        for (let i = 0; i < path.length; i += 2)
          i ? pen.lineTo(path[i], path[i + 1]) : pen.moveTo(path[0], path[1])
      pen.closePath()
      pen.fillStyle = "rgba(0, 114, 178, 0.14)"
      pen.fill()
      pen.lineWidth = 1.5
      pen.strokeStyle = options.text
      pen.setLineDash([5, 4])
      pen.stroke()
      pen.setLineDash([])
    }
  }

  const cssColor = (code) => {
    const t = colorTable(legend, options.palette)
    return `rgb(${t[4 * code]},${t[4 * code + 1]},${t[4 * code + 2]})`
  }

  /** Pictures instead of points where few are in view. */
  async function askPictures() {
    if (!options.pictures || !grid || began) return
    const [x0, y1] = toData(0, 0),
      [x1, y0] = toData(width(), height()),
      seen = []
    grid.inBox(x0, y0, x1, y1, (i) => {
      if (seen.length <= MOST_PICTURES && xs[i] >= x0 && xs[i] <= x1 && ys[i] >= y0 && ys[i] <= y1)
        seen.push(i)
    })
    const key = seen.length > MOST_PICTURES || !seen.length ? "" : seen.join(",")
    if (key === asked) return
    asked = key
    if (!key) {
      if (pictures.size) {
        pictures = new Map()
        schedule()
      }
      return
    }
    const found = await options.pictures(seen).catch(() => null)
    if (found && asked === key) {
      pictures = found
      over.dataset.pictures = String(found.size)
      schedule()
    }
  }

  function setStates() {
    const n = xs.length
    if (states.length !== n) states = new Uint8Array(n)
    const mask = selection.mask
    for (let i = 0; i < n; i++)
      states[i] = (mask[i] ? CHOSEN : 0) | (isolated.size && !isolated.has(codes ? codes[i] : 0) ? HIDDEN : 0)
    renderer.setStates(states)
    over.dataset.selected = String(selection.size)
    schedule()
  }
  const unwatch = selection.watch(setStates)

  /** points: Uint16Array (2 n) and head {low, size}; flows there from the last layout unless it is of other rows. */
  function setPoints(points, head) {
    const n = points.length / 2,
      isSame = last && last.length === points.length
    // What is in the middle of a move goes on from its end.
    first = isSame ? last : points
    fromHead = isSame ? toHead : head
    last = points
    toHead = head
    xs = new Float32Array(n)
    ys = new Float32Array(n)
    for (let i = 0; i < n; i++) {
      xs[i] = head.low[0] + (points[2 * i] / 65535) * head.size
      ys[i] = head.low[1] + (points[2 * i + 1] / 65535) * head.size
    }
    grid = createGrid(xs, ys)
    if (selection.mask.length !== n) selection.resize(n)
    renderer.setPlaces(first, last)
    if (!isSame) {
      codes = new Uint8Array(n).fill(UNKNOWN)
      renderer.setColors(codes, colorTable(legend, options.palette))
      sizes = new Uint8Array(n).fill(128)
      renderer.setSizes(sizes)
      isolated = new Set()
      hovered = focused = -1
      pictures = new Map()
    }
    setStates()
    if (isFitted || !isSame) fit()
    began = isSame ? performance.now() : 0
    asked = ""
    schedule()
    if (!began) askPictures()
  }

  function select(places, how) {
    selection.change(places, how)
    options.onSelected?.(how)
  }

  /** Chooses what lies in a polygon of the screen. */
  function selectPath(path, how) {
    const polygon = new Float64Array(path.length),
      found = []
    for (let i = 0; i < path.length; i += 2) [polygon[i], polygon[i + 1]] = toData(path[i], path[i + 1])
    inPolygon(grid, xs, ys, polygon, (i) => {
      if (isShown(i)) found.push(i)
    })
    over.dataset.polygon = JSON.stringify([...polygon].map((v) => +v.toPrecision(9)))
    select(found, how)
  }

  const spot = (event) => {
    const box = over.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const howOf = (event) => (event.altKey ? "subtract" : event.shiftKey ? "add" : combine)
  over.addEventListener("pointerdown", (event) => {
    if (event.button) return
    over.focus({ preventScroll: true })
    over.setPointerCapture(event.pointerId)
    const [x, y] = spot(event)
    drag = { x, y, view: { ...view }, isStill: true, path: mode === "pan" ? null : [x, y] }
    options.onHover?.(-1)
  })
  over.addEventListener("pointermove", (event) => {
    const [x, y] = spot(event)
    if (!drag) {
      const found = grid && progress() === 1 ? grid.nearest(...toData(x, y), HIT / view.k, isShown) : -1
      if (found !== hovered) {
        hovered = found
        schedule()
      }
      options.onHover?.(found, event.clientX, event.clientY)
      return
    }
    if (Math.hypot(x - drag.x, y - drag.y) > STILL) drag.isStill = false
    if (drag.path) {
      if (mode === "box") drag.path = [drag.x, drag.y, x, y]
      else if (Math.hypot(x - drag.path.at(-2), y - drag.path.at(-1)) > 2) drag.path.push(x, y)
    } else {
      view.x = drag.view.x - (x - drag.x) / view.k
      view.y = drag.view.y + (y - drag.y) / view.k
      isFitted = false
    }
    schedule()
  })
  over.addEventListener("pointerup", (event) => {
    const done = drag,
      [x, y] = spot(event)
    drag = null
    if (!done || !grid) return
    if (done.isStill) {
      const found = grid.nearest(...toData(x, y), HIT / view.k, isShown)
      if (found >= 0) {
        focused = found
        options.onPick?.(found)
      } else if (done.path && !event.shiftKey && !event.altKey) {
        selection.clear()
        options.onSelected?.("replace")
      }
    } else if (done.path) {
      const p = done.path
      selectPath(mode === "box" ? [p[0], p[1], p[2], p[1], p[2], p[3], p[0], p[3]] : p, howOf(event))
    } else askPictures()
    schedule()
  })
  // After the drag everything is drawn again.
  over.addEventListener("lostpointercapture", schedule)
  over.addEventListener("pointercancel", () => {
    drag = null
    schedule()
  })
  over.addEventListener("pointerleave", () => {
    if (!drag && hovered >= 0) {
      hovered = -1
      schedule()
    }
    options.onHover?.(-1)
  })
  over.addEventListener("dblclick", () => {
    fit()
    askPictures()
    schedule()
  })
  over.addEventListener(
    "wheel",
    (event) => {
      // Somebody who scrolls past the map does not mean it; a click on it, or Ctrl, says so.
      if (document.activeElement !== over && !event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      zoomBy(Math.exp(-event.deltaY * 0.0015), ...spot(event))
    },
    { passive: false },
  )
  over.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (step) {
      event.preventDefault()
      event.stopPropagation()
      if (event.shiftKey) {
        view.x += (step[0] * 60) / view.k
        view.y += (step[1] * 60) / view.k
        isFitted = false
        schedule()
        askPictures()
      } else walk(step)
    } else if (event.key === "+" || event.key === "=") zoomBy(1.4, ...focusSpot())
    else if (event.key === "-") zoomBy(1 / 1.4, ...focusSpot())
    else if (event.key === "0") {
      fit()
      schedule()
    } else if (event.key === "Enter" && focused >= 0) options.onPick?.(focused)
    else if (event.key === " " && focused >= 0) {
      event.preventDefault()
      select([focused], selection.mask[focused] ? "subtract" : "add")
    } else if (event.key === "Escape") {
      selection.clear()
      options.onSelected?.("replace")
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      selectShown()
    }
  })

  /** Where keys zoom to: the point that has the focus, else the middle. */
  const focusSpot = () => (focused >= 0 ? toScreen(xs[focused], ys[focused]) : [width() / 2, height() / 2])

  /** Moves the focus to the nearest point in a direction. */
  function walk([dx, dy]) {
    if (!grid) return
    if (focused < 0) focused = grid.nearest(view.x, view.y, Infinity, isShown)
    else {
      let best = Infinity,
        found = -1
      for (let i = 0; i < xs.length; i++) {
        if (i === focused || !isShown(i)) continue
        const ax = xs[i] - xs[focused],
          ay = ys[i] - ys[focused],
          along = ax * dx + ay * dy,
          across = Math.abs(ax * dy) + Math.abs(ay * dx)
        if (along <= 0 || across > along) continue
        const d = along * along + 4 * across * across
        if (d < best) {
          best = d
          found = i
        }
      }
      if (found >= 0) focused = found
    }
    if (focused < 0) return
    const [x, y] = toScreen(xs[focused], ys[focused])
    if (x < 0 || y < 0 || x > width() || y > height()) {
      view.x = xs[focused]
      view.y = ys[focused]
      isFitted = false
    }
    const box = over.getBoundingClientRect()
    options.onHover?.(
      focused,
      box.left + Math.max(0, Math.min(width(), x)),
      box.top + Math.max(0, Math.min(height(), y)),
    )
    schedule()
  }
  function selectShown() {
    const found = []
    for (let i = 0; i < xs.length; i++) if (isShown(i)) found.push(i)
    select(found, combine)
  }
  function zoomBy(factor, px = width() / 2, py = height() / 2) {
    if (!grid) return
    const [x, y] = toData(px, py),
      k = Math.max(0.3 * whole(), Math.min(MOST_ZOOM * whole(), view.k * factor))
    view = { x: x - (px - width() / 2) / k, y: y + (py - height() / 2) / k, k }
    isFitted = false
    zoomed = performance.now()
    schedule()
    clearTimeout(zoomBy.timer)
    zoomBy.timer = setTimeout(askPictures, 160)
  }
  canvas.addEventListener("redraw", schedule)
  const watcher = new ResizeObserver(() => {
    if (isFitted) fit()
    schedule()
    askPictures()
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
    setPoints,
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
      sizes = newSizes && newSizes.length === xs.length ? newSizes : new Uint8Array(xs.length).fill(128)
      renderer.setSizes(sizes)
      schedule()
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
    get isolated() {
      return isolated
    },
    selectShown,
    setMarks(list) {
      marks = list
      schedule()
    },
    focus(place) {
      focused = place
      if (place >= 0) {
        const [x, y] = toScreen(xs[place], ys[place])
        if (x < 0 || y < 0 || x > width() || y > height()) {
          view.x = xs[place]
          view.y = ys[place]
          isFitted = false
        }
      }
      schedule()
    },
    setTheme(text, background, isDark) {
      Object.assign(options, { text, background, isDark })
      schedule()
    },
    zoomBy,
    fit() {
      fit()
      schedule()
      askPictures()
    },
    screenOf: (place) => toScreen(xs[place], ys[place]),
    redraw: schedule,
    destroy() {
      cancelAnimationFrame(request)
      watcher.disconnect()
      unwatch()
      clearTimeout(zoomBy.timer)
      clearTimeout(settle)
      renderer.destroy()
      canvas.remove()
      over.remove()
    },
  }
}
