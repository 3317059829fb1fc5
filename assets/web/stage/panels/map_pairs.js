// Thin lines between the two views of a sample, over the map: they shorten while views become alike.

import { el, fixed } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

/**
 * @param {() => void} redraw
 * @param {number} morphMs how long points take to their next places
 */
export function createPairs(redraw, morphMs) {
  let before = null,
    now = null,
    since = 0
  const button = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      hidden: true,
      "aria-pressed": "true",
      title: tr("Connect the two views of a sample"),
      "data-testid": "map-pairs",
      onclick: () => {
        button.setAttribute("aria-pressed", String(!isOn()))
        redraw()
      },
    },
    tr("pairs"),
  )
  const isOn = () => button.getAttribute("aria-pressed") === "true"
  return {
    button,
    take(frame) {
      button.hidden = !frame.map_beside
      before = now
      now = frame.map_beside?.data ?? null
      since = performance.now()
    },
    draw(pen, toScreen, color) {
      if (!now || !isOn()) return
      const done = Math.min(1, (performance.now() - since) / morphMs)
      const at = (i) => (before?.length === now.length ? before[i] + (now[i] - before[i]) * done : now[i])
      pen.save()
      pen.strokeStyle = color
      pen.fillStyle = color
      pen.lineWidth = 1.25
      // One sample: its two views lie behind each other, x and y of the first, then of the second.
      for (let i = 0; i < now.length; i += 4) {
        const ends = [toScreen(at(i), at(i + 1)), toScreen(at(i + 2), at(i + 3))]
        pen.beginPath()
        pen.moveTo(...ends[0])
        pen.lineTo(...ends[1])
        pen.stroke()
        for (const [x, y] of ends) {
          pen.beginPath()
          pen.arc(x, y, 2, 0, 7)
          pen.fill()
        }
      }
      pen.restore()
    },
    /** How long the lines are, in words, beside the size of the map. */
    words({ map, map_beside }) {
      if (!map_beside) return ""
      const pairs = map_beside.data,
        { data, shape } = map
      let lengths = 0,
        spread = 0
      for (let i = 0; i < pairs.length; i += 4)
        lengths += Math.hypot(pairs[i] - pairs[i + 2], pairs[i + 1] - pairs[i + 3]) / (pairs.length / 4)
      const mean = [0, 1].map((c) => {
        let sum = 0
        for (let i = 0; i < shape[0]; i++) sum += data[i * shape[1] + c]
        return sum / shape[0]
      })
      for (let i = 0; i < shape[0]; i++)
        spread += Math.hypot(data[i * shape[1]] - mean[0], data[i * shape[1] + 1] - mean[1]) / shape[0]
      return spread > 0
        ? tr("The two views of a sample are {times} times as far apart as a sample is from the center.", {
            times: fixed(lengths / spread, 2),
          })
        : ""
    },
  }
}
