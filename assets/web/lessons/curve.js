// A curve to draw: a value per epoch, by pointer or by arrow keys. Later the real curve is laid over it.

import { brief, el, sizeCanvas } from "../lib/dom.js"
import { readTheme } from "../lib/theme.js"
import { tr } from "../lib/words.js"
import { addStyles } from "./styles.js"

const HEIGHT = 190
const EDGE = { left: 44, right: 10, top: 12, bottom: 30 }
const REAL = "#d55e00"

/**
 * @typedef {{epochs: number, low: number, high: number, called: string, kept: number[] | null,
 *   real: [number, number][], isShown: boolean, assets: string}} Data
 * @param {{parentElement: HTMLElement, data: Data, setStateValue: (name: string, value: number[]) => void}} component
 */
export function mount({ parentElement, data, setStateValue }) {
  addStyles(data.assets)
  if (!parentElement.firstChild?.show) parentElement.replaceChildren(createCurve(data))
  parentElement.firstChild.show(data, (values) => setStateValue("drawn", values))
}

function createCurve(first) {
  let data = first
  let values = first.kept ? [...first.kept] : null
  let send = () => {}
  let at = 0 // epoch of the keys
  let last = null // epoch and value of the pointer
  let isKeyed = false
  const canvas = el("canvas", { tabindex: "0", role: "slider", "aria-orientation": "vertical" })
  const keys = el("p", {})
  const root = el("div", { class: "lesson-curve", "data-testid": "lesson-curve" }, canvas, keys)
  const width = () => Math.max(200, canvas.parentElement.clientWidth || 320)
  const x = (epoch) => EDGE.left + (epoch / data.epochs) * (width() - EDGE.left - EDGE.right)
  const y = (value) =>
    EDGE.top + ((data.high - value) / (data.high - data.low)) * (HEIGHT - EDGE.top - EDGE.bottom)
  const clamp = (value) => Math.min(data.high, Math.max(data.low, value))

  function placeOf(event) {
    const box = canvas.getBoundingClientRect()
    const share = (event.clientX - box.left - EDGE.left) / (width() - EDGE.left - EDGE.right)
    const epoch = Math.min(data.epochs, Math.max(0, Math.round(share * data.epochs)))
    const up = (event.clientY - box.top - EDGE.top) / (HEIGHT - EDGE.top - EDGE.bottom)
    return { epoch, value: clamp(data.high - up * (data.high - data.low)) }
  }

  // Epochs that the pointer has jumped over lie on a line; those never reached take the nearest value.
  function put({ epoch, value }) {
    values ??= Array(data.epochs + 1).fill(null)
    const from = last ?? { epoch, value }
    const [low, high] = [Math.min(from.epoch, epoch), Math.max(from.epoch, epoch)]
    for (let one = low; one <= high; one++) {
      const share = from.epoch === epoch ? 1 : (one - from.epoch) / (epoch - from.epoch)
      values[one] = from.value + share * (value - from.value)
    }
    last = { epoch, value }
    at = epoch
    draw()
  }

  function finish() {
    if (!last) return
    last = null
    const known = values.map((value, epoch) => ({ value, epoch })).filter((one) => one.value !== null)
    values = values.map(
      (value, epoch) =>
        value ??
        known.reduce((a, b) => (Math.abs(b.epoch - epoch) < Math.abs(a.epoch - epoch) ? b : a)).value,
    )
    draw()
    send(values)
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (data.isShown) return
    canvas.setPointerCapture(event.pointerId)
    put(placeOf(event))
  })
  canvas.addEventListener("pointermove", (event) => last && put(placeOf(event)))
  canvas.addEventListener("pointerup", finish)
  canvas.addEventListener("pointercancel", finish)
  canvas.addEventListener("keydown", (event) => {
    const along = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const up = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    if (data.isShown || (!along && !up)) return
    event.preventDefault()
    isKeyed = true
    if (along) at = Math.min(data.epochs, Math.max(0, at + along))
    if (up) {
      const middle = (data.low + data.high) / 2
      values ??= Array(data.epochs + 1).fill(middle)
      const value = clamp(values[at] + (up * (data.high - data.low)) / 20)
      // The rest of the curve goes along, so that it is drawn from left to right.
      values = values.map((old, epoch) => (epoch >= at ? value : old))
    }
    draw()
  })
  canvas.addEventListener("keyup", (event) => {
    if (["ArrowUp", "ArrowDown"].includes(event.key) && values && !data.isShown) send(values)
  })
  canvas.addEventListener("blur", () => {
    isKeyed = false
    draw()
  })
  new ResizeObserver(() => draw()).observe(root)

  function path(context, points, color, dash) {
    context.beginPath()
    points.forEach(([epoch, value], place) => {
      if (place) context.lineTo(x(epoch), y(clamp(value)))
      else context.moveTo(x(epoch), y(clamp(value)))
    })
    context.strokeStyle = color
    context.lineWidth = 2.5
    context.setLineDash(dash)
    context.stroke()
    context.setLineDash([])
  }

  function draw() {
    const theme = readTheme(root)
    const context = sizeCanvas(canvas, width(), HEIGHT)
    context.clearRect(0, 0, width(), HEIGHT)
    context.font = `12px ${theme.font}`
    context.fillStyle = theme.muted
    context.strokeStyle = theme.border
    context.textBaseline = "middle"
    context.textAlign = "right"
    for (const share of [0, 0.5, 1]) {
      const value = data.low + share * (data.high - data.low)
      context.beginPath()
      context.moveTo(EDGE.left, y(value))
      context.lineTo(width() - EDGE.right, y(value))
      context.stroke()
      context.fillText(brief(value, 3), EDGE.left - 6, y(value))
    }
    context.textBaseline = "top"
    context.textAlign = "center"
    for (const epoch of [0, Math.round(data.epochs / 2), data.epochs])
      context.fillText(String(epoch), Math.min(x(epoch), width() - 14), HEIGHT - EDGE.bottom + 4)
    context.fillText(tr("epoch"), x(data.epochs / 4), HEIGHT - EDGE.bottom + 4)
    context.textAlign = "left"
    context.textBaseline = "top"
    context.fillText(data.called, EDGE.left + 4, EDGE.top + 4)
    if (values) {
      const drawn = values.map((value, epoch) => [epoch, value]).filter(([, value]) => value !== null)
      path(context, drawn, theme.primary, [6, 4])
    }
    if (data.real.length) path(context, data.real, REAL, [])
    if (isKeyed) {
      context.beginPath()
      context.arc(x(at), y(values?.[at] ?? (data.low + data.high) / 2), 5, 0, 2 * Math.PI)
      context.fillStyle = theme.primary
      context.fill()
    }
    describe(theme)
  }

  function describe(theme) {
    const value = values?.[at] ?? (data.low + data.high) / 2
    const words = {
      "aria-label": tr("Your curve of the {name}. Left and right choose an epoch, up and down its value.", {
        name: data.called,
      }),
      "aria-valuemin": data.low,
      "aria-valuemax": data.high,
      "aria-valuenow": brief(value, 3),
      "aria-valuetext": tr("{value} at epoch {epoch} of {epochs}", {
        value: brief(value, 3),
        epoch: at,
        epochs: data.epochs,
      }),
      "aria-disabled": data.isShown,
      "data-drawn": values ? values.length : 0,
    }
    for (const [name, said] of Object.entries(words)) canvas.setAttribute(name, String(said))
    const mine = values
      ? el("span", { class: "lesson-key is-mine", style: `--color: ${theme.primary}` }, tr("yours"))
      : null
    const real = data.real.length
      ? el("span", { class: "lesson-key", style: `--color: ${REAL}` }, tr("the run's"))
      : null
    keys.replaceChildren(...[mine, real].filter(Boolean))
  }

  root.show = (now, sender) => {
    data = now
    send = sender
    if (now.kept && (now.isShown || !values)) values = [...now.kept]
    if (!last) draw()
  }
  return root
}
