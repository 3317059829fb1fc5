// Sphere: embeddings of two or three numbers on the unit circle or sphere, where alignment (short lines between two views)
// and uniformity (points everywhere) are seen (Wang & Isola: Understanding contrastive representation learning, 2020).

import { el, fixed, setText, sizeCanvas } from "../../lib/dom.js"
import { classColor } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { momentOf } from "../store.js"

const BINS = 72
const TURN = 0.12 // radians for each press of an arrow key
const TURNS = { ArrowLeft: [-TURN, 0], ArrowRight: [TURN, 0], ArrowUp: [0, -TURN], ArrowDown: [0, TURN] }

export default {
  id: "sphere",
  get title() {
    return tr("Sphere")
  },
  isFor: (view) => Boolean(view.frame?.sphere),
  create(root) {
    const canvas = el("canvas", { class: "stage-canvas views-sphere", role: "img" })
    const note = el("p", { class: "stage-note" })
    root.body.append(canvas)
    root.foot.append(note)
    let view = null,
      angles = [0.5, 0.35],
      from = null

    function turn(yaw, pitch) {
      angles = [angles[0] + yaw, Math.max(-1.5, Math.min(1.5, angles[1] + pitch))]
      draw()
    }
    canvas.addEventListener("pointerdown", (event) => {
      from = [event.clientX, event.clientY]
      canvas.setPointerCapture(event.pointerId)
    })
    canvas.addEventListener("pointermove", (event) => {
      if (!from || !isBall()) return
      turn((event.clientX - from[0]) / 120, (event.clientY - from[1]) / 120)
      from = [event.clientX, event.clientY]
    })
    for (const name of ["pointerup", "pointercancel"])
      canvas.addEventListener(name, () => {
        from = null
      })
    canvas.addEventListener("keydown", (event) => {
      if (!isBall() || !TURNS[event.key]) return
      event.preventDefault()
      event.stopPropagation()
      turn(...TURNS[event.key])
    })
    const isBall = () => view?.frame?.sphere?.shape[1] === 3

    function draw() {
      const { sphere, pair_sphere } = view.frame
      const width = root.body.clientWidth,
        height = root.body.clientHeight
      canvas.tabIndex = isBall() ? 0 : -1
      canvas.setAttribute(
        "aria-label",
        isBall()
          ? tr("Embeddings on the unit sphere at {moment}. Arrow keys turn it.", {
              moment: momentOf(view.frame),
            })
          : tr("Embeddings on the unit circle at {moment}.", { moment: momentOf(view.frame) }),
      )
      setText(
        note,
        isBall()
          ? tr("Drag to turn. Lines connect two views of a sample.")
          : tr("Lines connect two views of a sample."),
      )
      if (width < 40) return
      const pen = sizeCanvas(canvas, width, height)
      pen.clearRect(0, 0, width, height)
      const radius = Math.min(width, height) / 2 - (isBall() ? 8 : 34)
      const place = (data, i) => project(data, i, sphere.shape[1], angles, [width / 2, height / 2, radius])
      pen.strokeStyle = view.theme.border
      pen.beginPath()
      pen.arc(width / 2, height / 2, radius, 0, 7)
      pen.stroke()
      if (!isBall()) drawDensity(pen, sphere, [width / 2, height / 2, radius], view.theme)
      const { data } = view.statics.labels
      for (let i = 0; i < sphere.shape[0]; i++) {
        const [x, y, depth] = place(sphere.data, i)
        pen.globalAlpha = depth < 0 ? 0.18 : 0.75
        pen.fillStyle = classColor(data[i])
        pen.fillRect(x - 1.5, y - 1.5, 3, 3)
      }
      pen.globalAlpha = 0.8
      pen.strokeStyle = view.theme.text
      for (let i = 0; i < pair_sphere.shape[0]; i++) {
        pen.beginPath()
        pen.moveTo(...place(pair_sphere.data, 2 * i).slice(0, 2))
        pen.lineTo(...place(pair_sphere.data, 2 * i + 1).slice(0, 2))
        pen.stroke()
      }
      pen.globalAlpha = 1
    }

    return {
      update(next) {
        const isSame = view?.frame === next.frame && view?.theme.id === next.theme.id
        view = next
        if (view.frame?.sphere && view.statics && !isSame) draw()
      },
      resize() {
        if (view?.frame?.sphere) draw()
      },
      destroy() {},
      summary(next) {
        if (!next.frame?.sphere) return tr("There are no embeddings yet.")
        const { row } = next
        const said = {
          count: next.frame.sphere.shape[0],
          moment: momentOf(next.frame),
          alignment: fixed(row?.alignment, 2),
          uniformity: fixed(row?.uniformity, 2),
        }
        return isBall()
          ? tr(
              "{count} embeddings on the unit sphere at {moment}: alignment {alignment} (0 is best), uniformity {uniformity} (lower is more even).",
              said,
            )
          : tr(
              "{count} embeddings on the unit circle at {moment}: alignment {alignment} (0 is best), uniformity {uniformity} (lower is more even).",
              said,
            )
      },
    }
  },
}

/**
 * Where a point of the circle or of the turned sphere lies on the canvas: x, y, depth (below 0: on the far side).
 * @param {Float32Array} data
 * @param {number} i
 * @param {number} size numbers of a point
 * @param {[number, number]} angles yaw and pitch
 * @param {[number, number, number]} disc center and radius
 */
export function project(data, i, size, [yaw, pitch], [cx, cy, radius]) {
  const [x, y] = [data[size * i], data[size * i + 1]]
  if (size === 2) return [cx + x * radius, cy - y * radius, 0]
  const z = data[size * i + 2]
  const across = x * Math.cos(yaw) + z * Math.sin(yaw),
    deep = -x * Math.sin(yaw) + z * Math.cos(yaw)
  const up = y * Math.cos(pitch) - deep * Math.sin(pitch),
    depth = y * Math.sin(pitch) + deep * Math.cos(pitch)
  return [cx + across * radius, cy - up * radius, depth]
}

/** How many points lie at each angle, as rays outside the circle: an even fringe is a uniform distribution. */
function drawDensity(pen, { data, shape }, [cx, cy, radius], theme) {
  const counts = new Array(BINS).fill(0)
  for (let i = 0; i < shape[0]; i++) {
    const turn = Math.atan2(data[2 * i + 1], data[2 * i]) / (2 * Math.PI)
    counts[Math.floor((turn < 0 ? turn + 1 : turn) * BINS) % BINS]++
  }
  const most = Math.max(...counts)
  pen.strokeStyle = theme.muted
  pen.lineWidth = 2
  counts.forEach((count, bin) => {
    const angle = (2 * Math.PI * (bin + 0.5)) / BINS,
      end = radius + 4 + (26 * count) / most
    pen.beginPath()
    pen.moveTo(cx + (radius + 4) * Math.cos(angle), cy - (radius + 4) * Math.sin(angle))
    pen.lineTo(cx + end * Math.cos(angle), cy - end * Math.sin(angle))
    pen.stroke()
  })
  pen.lineWidth = 1
}
