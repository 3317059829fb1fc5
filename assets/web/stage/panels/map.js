// Latent map: one point a sample, colored and shaped by class; keeps its zoom, flows from epoch to epoch. A press on it
// decodes that place, a click chooses a sample.

import { el, fixed, setText, sizeCanvas } from "../../lib/dom.js"
import { addShape, classColor } from "../../lib/palette.js"
import { createProbe } from "./probe.js"
import { placeCard } from "./reconstructions.js"

const MORPH_MS = 140,
  HIT = 14,
  STILL = 5,
  NUDGE = 0.02

export default {
  id: "map",
  title: "Latent map",
  /** @param makeLooks for a task whose points are not simply colored by class: see looks.js */
  create(root, ctx, makeLooks = null) {
    const canvas = el("canvas", { class: "stage-canvas stage-map", role: "img", tabindex: "0" })
    const card = el("div", { class: "stage-card", hidden: true })
    const legend = el("div", { class: "stage-legend", role: "group", "aria-label": "Classes" })
    const note = el("span", { class: "stage-note" })
    const chip = (text, label, onclick) =>
      el(
        "button",
        {
          class: "stage-chip",
          type: "button",
          "aria-pressed": "false",
          title: label,
          "data-testid": `map-${text}`,
          onclick,
        },
        text,
      )
    const tool = (text, label, onclick) =>
      el("button", { class: "stage-chip", type: "button", "aria-label": label, title: label, onclick }, text)
    const move = chip("move", "Drag moves the map instead of decoding", () => {
      isMoving = !isMoving
      move.setAttribute("aria-pressed", String(isMoving))
      canvas.classList.toggle("is-moving", isMoving || !canDecode())
      if (isMoving) probe.leave()
    })
    const lattice = chip("lattice", "Show what the decoder makes of every place", () =>
      lattice.setAttribute("aria-pressed", String(probe.toggleLattice())),
    )
    root.head.append(
      note,
      lattice,
      move,
      tool("+", "Zoom in (also: click the map, then turn the wheel)", () =>
        zoomBy(1.5, canvas.clientWidth / 2, canvas.clientHeight / 2),
      ),
      tool("−", "Zoom out (double click shows all)", () =>
        zoomBy(1 / 1.5, canvas.clientWidth / 2, canvas.clientHeight / 2),
      ),
    )
    root.body.append(canvas, card)
    root.foot.append(legend)
    const looks = makeLooks?.(root.head, () => {
      chosen = -1
      drawLegend()
      schedule()
    })
    let view = null,
      from = null,
      to = null,
      began = 0,
      request = 0,
      chosen = -1,
      limits = null,
      hovered = -1
    let ground = { k: 1, x: 0, y: 0 } // map coordinates → the unzoomed screen, as last drawn
    let isMoving = false
    const zoom = { k: 1, x: 0, y: 0 } // screen = base × k + (x, y)
    const canDecode = () => view?.state?.can_decode !== false
    const probe = createProbe(root, ctx, {
      toData,
      toScreen: (x, y) => screen(x, y),
      redraw: () => {
        if (to) schedule()
      },
      size: () => [canvas.clientWidth, canvas.clientHeight],
    })
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches

    function update(next) {
      const isNew = next.frame && next.frame !== view?.frame
      view = next
      if (!view.frame || !view.statics) return
      if (isNew) {
        const points = flat(view.frame.map)
        from = to && to.length === points.length ? current() : points
        to = points
        began = performance.now()
        limits = easeLimits(limits, points)
        if (hovered >= 0 && !card.hidden) fillCard(hovered)
        setText(
          note,
          `${view.state.map}${view.frame.explained ? `, ${Math.round(100 * view.frame.explained)} % of its variance` : ""}`,
        )
        note.title = note.textContent
      }
      looks?.update(view)
      drawLegend()
      const isPicture = view.statics.shape.length > 1
      lattice.hidden = !canDecode() || !isPicture
      move.hidden = !canDecode()
      canvas.classList.toggle("is-moving", isMoving || !canDecode())
      if (canDecode()) probe.update(view)
      schedule()
    }

    const progress = () => (calm ? 1 : Math.min(1, (performance.now() - began) / MORPH_MS))
    function current() {
      const t = progress()
      if (t >= 1 || from === to) return to
      const mixed = new Float32Array(to.length)
      for (let i = 0; i < to.length; i++) mixed[i] = from[i] + (to[i] - from[i]) * t
      return mixed
    }

    function schedule() {
      cancelAnimationFrame(request)
      request = requestAnimationFrame(() => {
        draw()
        if (progress() < 1) schedule()
      })
    }

    /** Data → screen, the same scale on both axes. */
    function base() {
      const width = canvas.clientWidth,
        height = canvas.clientHeight
      const [x0, x1, y0, y1] = limits
      const k = Math.min((width - 24) / (x1 - x0 || 1), (height - 24) / (y1 - y0 || 1))
      return { k, x: width / 2 - (k * (x0 + x1)) / 2, y: height / 2 + (k * (y0 + y1)) / 2 }
    }
    function screen(x, y) {
      const b = ground
      return [(x * b.k + b.x) * zoom.k + zoom.x, (b.y - y * b.k) * zoom.k + zoom.y]
    }
    function project(points, i) {
      return screen(points[2 * i], points[2 * i + 1])
    }
    /** Screen → map coordinates. */
    function toData(sx, sy) {
      const b = ground
      return [((sx - zoom.x) / zoom.k - b.x) / b.k, (b.y - (sy - zoom.y) / zoom.k) / b.k]
    }

    function draw() {
      const width = root.body.clientWidth,
        height = root.body.clientHeight
      if (!to || !view || width < 40) return
      const context = sizeCanvas(canvas, width, height)
      ground = base()
      context.clearRect(0, 0, width, height)
      probe.drawBehind(context)
      const points = current(),
        labels = groupsOf(),
        n = labels.length
      const radius = Math.min(6, (n > 800 ? 2.4 : 3.6) * Math.sqrt(zoom.k))
      const groups = new Map()
      for (let i = 0; i < n; i++) {
        const [x, y] = project(points, i)
        if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue
        if (!groups.has(labels[i])) groups.set(labels[i], new Path2D())
        addShape(
          groups.get(labels[i]),
          looks ? looks.shape(labels[i]) : labels[i],
          x,
          y,
          radius * (looks?.size(labels[i]) ?? 1),
        )
      }
      const order = [...groups.keys()].sort(
        (a, b) => (looks ? looks.rank(a) - looks.rank(b) : 0) || isChosen(a) - isChosen(b),
      )
      if (view.statics.glyphs) drawGlyphs(context, points, labels, width, height)
      else
        for (const label of order) {
          context.globalAlpha =
            chosen >= 0 && !isChosen(label)
              ? 0.1
              : (view.theme.isDark ? 0.92 : 0.78) * (looks?.alpha(label) ?? 1)
          context.fillStyle = looks
            ? looks.color(label)
            : view.statics.classes.length
              ? classColor(label)
              : view.theme.primary
          context.fill(groups.get(label))
          if (looks?.isOutlined(label)) {
            context.lineWidth = 1.5
            context.strokeStyle = view.theme.text
            context.stroke(groups.get(label))
          }
          if (probe.hasLattice) {
            context.lineWidth = 1
            context.strokeStyle = "#fff"
            context.stroke(groups.get(label))
          }
        }
      context.globalAlpha = 1
      probe.drawOver(context)
      ring(context, points, ctx.selection.first, "A", radius)
      ring(context, points, ctx.selection.second, "B", radius)
      canvas.dataset.probe = probe.place ? probe.place.map((v) => v.toFixed(4)).join(",") : ""
      if (hovered >= 0) {
        const [x, y] = project(points, hovered)
        context.strokeStyle = view.theme.text
        context.lineWidth = 2
        context.beginPath()
        context.arc(x, y, radius + 4, 0, 7)
        context.stroke()
      }
      canvas.setAttribute(
        "aria-label",
        `Map of ${n} ${view.statics.glyphs ? "tokens" : "samples"} at epoch ${view.frame.epoch}${looks ? `, ${looks.name}` : ""}.${canDecode() ? " Enter decodes a place, arrows move it, Escape ends." : ""}`,
      )
    }

    const groupsOf = () => looks?.groups ?? view.statics.labels.data
    const isChosen = (group) => (looks ? looks.entryOf(group) : group) === chosen

    /** Tokens as themselves, in the color of their kind. */
    function drawGlyphs(context, points, labels, width, height) {
      context.font = `${Math.round(Math.min(26, 12 * Math.sqrt(zoom.k)))}px ${view.theme.font}`
      context.textAlign = "center"
      context.textBaseline = "middle"
      // The most frequent tokens come first in the list, so they are drawn last and lie on top.
      for (let i = labels.length - 1; i >= 0; i--) {
        const [x, y] = project(points, i)
        if (x < -20 || y < -9 || x > width + 20 || y > height + 9) continue
        context.globalAlpha = chosen >= 0 && labels[i] !== chosen ? 0.1 : 1
        context.fillStyle = glyphColor(labels[i], view.theme.isDark)
        context.fillText(visible(view.statics.glyphs[i]), x, y)
      }
      context.textAlign = "start"
      context.textBaseline = "alphabetic"
    }

    /** A chosen sample. */
    function ring(context, points, sample, letter, radius) {
      if (sample === null || 2 * sample >= points.length) return
      const [x, y] = project(points, sample)
      context.lineWidth = 4
      for (const color of [view.theme.background, view.theme.text]) {
        context.strokeStyle = color
        context.beginPath()
        context.arc(x, y, radius + 5, 0, 7)
        context.stroke()
        context.lineWidth = 2
      }
      context.font = `700 13px ${view.theme.font}`
      context.lineWidth = 4
      context.strokeStyle = view.theme.background
      context.fillStyle = view.theme.text
      context.strokeText(letter, x + radius + 8, y - radius - 3)
      context.fillText(letter, x + radius + 8, y - radius - 3)
    }

    function drawLegend() {
      const { classes, labels } = view.statics
      if (!classes.length || (!looks && legend.childElementCount)) return
      const present =
        looks?.legend() ??
        [...new Set(labels.data)]
          .sort((a, b) => a - b)
          .map((label) => ({
            entry: label,
            text: label >= 0 ? classes[label] : "no label",
            color: classColor(label),
            shape: label,
          }))
      // The same buttons stay while they say the same, so that focus is not lost from epoch to epoch.
      const key = present.map(({ text, color }) => `${text} ${color}`).join("|")
      if (legend.dataset.key === key) return
      legend.dataset.key = key
      legend.replaceChildren(
        ...present.map(({ entry: label, text, color, shape }) => {
          const swatch = el("canvas", { class: "stage-swatch", "aria-hidden": "true" })
          const context = sizeCanvas(swatch, 12, 12),
            path = new Path2D()
          addShape(path, shape, 6, 6, 4.5)
          context.fillStyle = color
          context.fill(path)
          const chip = el(
            "button",
            {
              class: "stage-chip",
              type: "button",
              "aria-pressed": String(chosen >= 0 && chosen === label),
              title: `Show only ${text}`,
              onclick: () => {
                chosen = chosen === label ? -1 : label
                for (const other of legend.children)
                  other.setAttribute("aria-pressed", String(other === chip && chosen === label))
                schedule()
              },
            },
            swatch,
            text,
          )
          return chip
        }),
      )
    }

    /** The sample nearest to a place on the screen, within reach, or -1. */
    function nearest(x, y, reach = HIT) {
      const labels = groupsOf()
      let best = reach * reach,
        found = -1
      for (let i = 0; i < labels.length; i++) {
        if (chosen >= 0 && !isChosen(labels[i])) continue
        const [px, py] = project(to, i),
          distance = (px - x) ** 2 + (py - y) ** 2
        if (distance < best) {
          best = distance
          found = i
        }
      }
      return found
    }

    function hover(event) {
      if (!to || drag) return
      const [x, y] = spot(event),
        found = probe.place ? -1 : nearest(x, y)
      if (found !== hovered) {
        hovered = found
        schedule()
      }
      card.hidden = found < 0
      if (found < 0) return
      if (view.statics.shape.length > 1)
        ctx.store.readThumbnails().then(() => {
          if (hovered === found) fillCard(found)
        })
      fillCard(found)
      placeCard(card, root.body, event)
    }

    function fillCard(i) {
      const { statics, frame } = view
      const label = statics.labels.data[i],
        parts = []
      const thumbnails = ctx.store.thumbnails
      if (thumbnails && statics.shape.length > 1) parts.push(thumbnail(thumbnails.data, i, statics.shape))
      if (!looks && label >= 0 && statics.classes.length) parts.push(el("strong", {}, statics.classes[label]))
      if (statics.texts) parts.push(el("p", { class: "stage-snippet" }, statics.texts[i]))
      if (statics.glyphs) {
        const loss = frame.sample_loss.data[i]
        parts.unshift(el("strong", {}, `“${visible(statics.glyphs[i])}”`))
        parts.push(
          el(
            "div",
            {},
            Number.isFinite(loss)
              ? `${fixed(loss, 2)} nats on average in the validation text`
              : "not in the validation text",
          ),
        )
        return card.replaceChildren(...parts)
      }
      if (looks) return card.replaceChildren(...parts, ...looks.lines(i))
      parts.push(
        el("div", {}, `${frame.predicted ? "loss" : "MSE"} ${fixed(frame.sample_loss.data[i], 4)}`),
        el(
          "div",
          { class: "stage-muted" },
          `row ${statics.rows.data[i]}, ${statics.splits.data[i] ? "validation" : "training"}`,
        ),
      )
      card.replaceChildren(...parts)
    }

    const spot = (event) => {
      const box = canvas.getBoundingClientRect()
      return [event.clientX - box.left, event.clientY - box.top]
    }
    const decodes = () => canDecode() && !isMoving && to
    let drag = null
    canvas.addEventListener("pointerdown", (event) => {
      canvas.focus({ preventScroll: true })
      const began = performance.now(),
        [x, y] = spot(event)
      drag = {
        x: event.clientX - zoom.x,
        y: event.clientY - zoom.y,
        startX: event.clientX,
        startY: event.clientY,
        isStill: true,
        from: null,
      }
      canvas.setPointerCapture(event.pointerId)
      card.hidden = true
      if (!decodes() || event.shiftKey) return
      // From a chosen sample the rest of its code comes along.
      const first = ctx.selection.first
      drag.from = first !== null && nearest(x, y) === first ? first : null
      probe.at(...toData(x, y), drag.from, began)
    })
    canvas.addEventListener("pointermove", (event) => {
      if (!drag) return hover(event)
      if (Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY) > STILL) drag.isStill = false
      if (decodes() && !event.shiftKey) return probe.at(...toData(...spot(event)), drag.from)
      zoom.x = event.clientX - drag.x
      zoom.y = event.clientY - drag.y
      card.hidden = true
      schedule()
    })
    canvas.addEventListener("pointerup", (event) => {
      const isClick = drag?.isStill
      drag = null
      if (!isClick || !to) return probe.wantLattice()
      const found = nearest(...spot(event))
      if (found < 0) return
      if (event.shiftKey && ctx.selection.first !== null) ctx.selection.setSecond(found)
      else ctx.selection.set(found)
    })
    canvas.addEventListener("pointercancel", () => {
      drag = null
    })
    canvas.addEventListener("pointerleave", () => {
      card.hidden = true
      if (hovered >= 0) {
        hovered = -1
        schedule()
      }
    })
    canvas.addEventListener("dblclick", reset)
    canvas.addEventListener(
      "wheel",
      (event) => {
        // Somebody who scrolls past the map does not mean it; a click on it, or Ctrl, says so.
        if (document.activeElement !== canvas && !event.ctrlKey && !event.metaKey) return
        event.preventDefault()
        const box = canvas.getBoundingClientRect()
        zoomBy(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top)
      },
      { passive: false },
    )
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
      if (steps && probe.place && decodes()) {
        event.preventDefault() // these keys scrub otherwise
        const [x, y] = screen(...probe.place)
        probe.at(
          ...toData(x + steps[0] * NUDGE * canvas.clientWidth, y + steps[1] * NUDGE * canvas.clientHeight),
        )
      } else if (event.key === "Escape") probe.leave()
      else if (event.key === "Enter" && to) {
        const [x, y] = probe.place
          ? screen(...probe.place)
          : [canvas.clientWidth / 2, canvas.clientHeight / 2]
        const found = nearest(x, y, Infinity)
        if (event.shiftKey && ctx.selection.first !== null) ctx.selection.setSecond(found)
        else ctx.selection.set(found)
        if (decodes() && !probe.place) probe.at(...toData(x, y))
      } else if (event.key === "+" || event.key === "=")
        zoomBy(1.25, canvas.clientWidth / 2, canvas.clientHeight / 2)
      else if (event.key === "-") zoomBy(0.8, canvas.clientWidth / 2, canvas.clientHeight / 2)
      else if (event.key === "0") reset()
    })
    function zoomBy(factor, x, y) {
      const k = Math.max(0.5, Math.min(60, zoom.k * factor)),
        ratio = k / zoom.k
      zoom.x = x - (x - zoom.x) * ratio
      zoom.y = y - (y - zoom.y) * ratio
      zoom.k = k
      canvas.dataset.zoom = k.toFixed(3)
      probe.wantLattice()
      schedule()
    }
    function reset() {
      Object.assign(zoom, { k: 1, x: 0, y: 0 })
      canvas.dataset.zoom = "1"
      probe.wantLattice()
      schedule()
    }

    return {
      update,
      resize() {
        if (to) {
          schedule()
          probe.wantLattice()
        }
      },
      destroy() {
        cancelAnimationFrame(request)
        probe.destroy()
      },
      summary(next) {
        if (!next.frame || !next.statics) return "No map yet."
        const row = next.row
        const knn =
          typeof row?.knn_accuracy === "number"
            ? ` By the code, the 5 nearest neighbors name the class of ${(100 * row.knn_accuracy).toFixed(1)} % of validation samples.`
            : ""
        return `${next.statics.labels.data.length} ${next.statics.glyphs ? "tokens" : "samples"} at epoch ${next.frame.epoch}, ${next.state.map}.${knn}${looks?.groups ? looks.summary(next) : ""}`
      },
    }
  },
}

/** A token's text with its spaces and line ends to be seen. */
const visible = (piece) => piece.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥") || "∅"

// Class colors are made for marks; letters need more contrast with the ground.
const glyphColor = (label, isDark) =>
  `color-mix(in srgb, ${classColor(label)} 72%, ${isDark ? "white" : "black"})`

/** A map of 2 or more columns as x, y, x, y … */
function flat(map) {
  const [n, k] = map.shape
  if (k === 2) return map.data
  const points = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) {
    points[2 * i] = map.data[k * i]
    points[2 * i + 1] = map.data[k * i + 1]
  }
  return points
}

/** Axis limits that hold all but a few outliers and move softly, so that the map does not jump. */
function easeLimits(old, points) {
  const limits = [0, 1].flatMap((axis) => {
    const values = points.filter((_, i) => i % 2 === axis).sort()
    const at = (q) => values[Math.round(q * (values.length - 1))]
    const pad = (at(0.995) - at(0.005)) * 0.06 || 1e-3
    return [at(0.005) - pad, at(0.995) + pad]
  })
  if (!old) return limits
  const spread = (l) => Math.max(l[1] - l[0], l[3] - l[2])
  const isFar = spread(limits) > 2 * spread(old) || spread(limits) < 0.5 * spread(old)
  const share = isFar ? 0.7 : 0.35
  return limits.map((value, i) => old[i] + (value - old[i]) * share)
}

function thumbnail(data, index, [h, w, channels = 1]) {
  const canvas = el("canvas", { class: "stage-big", width: w, height: h })
  const image = new ImageData(w, h),
    offset = index * w * h * channels
  for (let pixel = 0; pixel < w * h; pixel++) {
    for (let c = 0; c < 3; c++)
      image.data[4 * pixel + c] = data[offset + pixel * channels + (channels === 3 ? c : 0)]
    image.data[4 * pixel + 3] = 255
  }
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas
}
