// Spectrum: singular values over their index, with the effective rank; epoch 0 stays faint behind it. A collapse is a cliff.

import { el, fixed, sizeCanvas } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { momentOf } from "../store.js"
import { effectiveRank } from "../views.js"

const LEFT = 44,
  RIGHT = 10,
  TOP = 12,
  BOTTOM = 34
const DECADES = 7 // below the largest value, nothing is drawn

export default {
  id: "spectrum",
  get title() {
    return tr("Spectrum")
  },
  create(root, ctx) {
    const side = el(
      "select",
      { class: "stage-input", "aria-label": tr("Spectrum of"), onchange: () => draw() },
      el("option", { value: "embedding_spectrum" }, tr("embeddings z, centered")),
      el("option", { value: "spectrum" }, tr("code h")),
    )
    const canvas = el("canvas", { class: "stage-canvas", role: "img" })
    root.head.append(side)
    root.body.append(canvas)
    let view = null,
      first = null,
      isAsked = false

    function wantFirst() {
      if (isAsked || !view.frames.includes(0)) return
      isAsked = true
      ctx.store.frame(0).then((frame) => {
        first = frame
        draw()
      })
    }

    function draw() {
      const found = view?.frame?.[side.value]
      if (!found) return
      const width = root.body.clientWidth,
        height = root.body.clientHeight
      canvas.setAttribute("aria-label", describe(view.frame, side.value))
      if (width < 40) return
      const pen = sizeCanvas(canvas, width, height)
      pen.clearRect(0, 0, width, height)
      const values = found.data,
        start = first?.[side.value]?.data ?? null
      const [low, high] = decadesOf([values, start, view.peer?.[side.value]?.data])
      const x = (index) => LEFT + ((index - 1) / Math.max(1, values.length - 1)) * (width - LEFT - RIGHT)
      const y = (value) =>
        TOP +
        ((high - Math.max(low, Math.log10(Math.max(value, 1e-12)))) / (high - low)) * (height - TOP - BOTTOM)
      drawAxes(pen, { view, width, height, low, high, x, y, count: values.length })
      if (start) drawCurve(pen, start, x, y, { color: view.theme.muted, isFaint: true })
      drawCurve(pen, values, x, y, { color: view.theme.primary })
      drawRank(pen, effectiveRank(values), { of: letterOf(side.value), x, height, theme: view.theme, width })
    }

    return {
      update(next) {
        const key = (of) => of && [of.frame, of.peer, of.theme.id]
        const isSame = view && key(view).every((part, i) => part === key(next)[i])
        view = next
        if (!view.frame) return
        wantFirst()
        if (!isSame) draw()
      },
      resize: draw,
      destroy() {},
      summary: (next) =>
        next.frame?.[side.value]
          ? describe(next.frame, side.value)
          : tr("No spectrum has been measured yet."),
    }
  },
}

/**
 * Exponents between which all values lie, so that what is compared has one scale; at most so many decades.
 * @param {(ArrayLike<number> | null | undefined)[]} curves each with its largest value first
 * @returns {[number, number]}
 */
export function decadesOf(curves) {
  const known = curves.filter(Boolean)
  const high = Math.ceil(Math.log10(Math.max(1e-12, ...known.map((values) => values[0]))))
  const positive = known.flatMap((values) => Array.from(values)).filter((value) => value > 0)
  return [Math.max(high - DECADES, Math.floor(Math.log10(Math.min(...positive, 10 ** (high - 1))))), high]
}

/** The code is h and the embedding, which the objective sees, z. */
const letterOf = (side) => (side === "spectrum" ? "h" : "z")

/** The effective rank and how far the values fall, as a sentence. */
export function describe(frame, side) {
  const { data } = frame[side]
  const said = { rank: fixed(effectiveRank(data), 1), size: data.length, moment: momentOf(frame) }
  return side === "spectrum"
    ? tr(
        "Effective rank of h {rank} of {size} at {moment}: in so many directions the codes really differ.",
        said,
      )
    : tr(
        "Effective rank of z {rank} of {size} at {moment}: in so many directions the embeddings really differ.",
        said,
      )
}

function drawAxes(pen, { view, width, height, low, high, x, y, count }) {
  const { theme } = view
  pen.font = `12px ${theme.font}`
  pen.fillStyle = theme.muted
  pen.strokeStyle = theme.border
  pen.lineWidth = 1
  pen.textAlign = "right"
  pen.textBaseline = "middle"
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power)
    pen.beginPath()
    pen.moveTo(LEFT, at)
    pen.lineTo(width - RIGHT, at)
    pen.stroke()
    pen.fillText(
      power >= -2 && power <= 3 ? String(Number((10 ** power).toPrecision(1))) : `1e${power}`,
      LEFT - 6,
      at,
    )
  }
  pen.textBaseline = "alphabetic"
  pen.textAlign = "left"
  pen.fillText("1", x(1), height - BOTTOM + 14)
  pen.textAlign = "right"
  pen.fillText(String(count), x(count), height - BOTTOM + 14)
  pen.textAlign = "center"
  pen.fillText(tr("singular values, largest first (dashed: epoch 0)"), (LEFT + width - RIGHT) / 2, height - 4)
}

function drawCurve(pen, values, x, y, { color, isFaint = false }) {
  pen.save()
  pen.strokeStyle = color
  pen.globalAlpha = isFaint ? 0.6 : 1
  pen.lineWidth = isFaint ? 1.5 : 2.25
  pen.setLineDash(isFaint ? [4, 4] : [])
  pen.beginPath()
  values.forEach((value, i) => {
    pen[i ? "lineTo" : "moveTo"](x(i + 1), y(value))
  })
  pen.stroke()
  pen.restore()
}

function drawRank(pen, rank, { of, x, height, width, theme }) {
  const at = x(Math.max(1, rank))
  pen.save()
  pen.strokeStyle = theme.text
  pen.fillStyle = theme.text
  pen.setLineDash([2, 3])
  pen.beginPath()
  pen.moveTo(at, TOP)
  pen.lineTo(at, height - BOTTOM)
  pen.stroke()
  const isRight = at > width * 0.6
  pen.textAlign = isRight ? "right" : "left"
  pen.fillText(
    tr("effective rank of {letter} {rank}", { letter: of, rank: fixed(rank, 1) }),
    at + (isRight ? -6 : 6),
    TOP + 12,
  )
  pen.restore()
}
