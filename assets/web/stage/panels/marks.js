// The cursor's line and dots over a plot. Plotly takes 50 ms to draw them anew, and they move with each epoch.

import { el } from "../../lib/dom.js"

/**
 * @typedef {object} Marks
 * @property {number | null} line place of the vertical line on the horizontal axis
 * @property {{x: number, y: number, color: string, edge: string}[]} dots
 */

/**
 * Where marks are in a plot, in pixels from its corner; those that are outside of the axes are left out.
 * @param {object} layout Plotly's axes: `_offset` and `_length` in pixels, `d2p` from a value to pixels
 * @param {Marks} marks
 */
export function placesOf({ xaxis, yaxis }, { line, dots }) {
  const within = (axis, value) => {
    const at = axis.d2p(value)
    return Number.isFinite(at) && at >= -0.5 && at <= axis._length + 0.5 ? axis._offset + at : null
  }
  const left = line === null ? null : within(xaxis, line)
  return {
    line: left === null ? null : { left, top: yaxis._offset, height: yaxis._length },
    dots: dots
      .map((dot) => ({ ...dot, left: within(xaxis, dot.x), top: within(yaxis, dot.y) }))
      .filter(({ left, top }) => left !== null && top !== null),
  }
}

/** Marks over a plot, which stay where they belong while it is zoomed and resized. @param {HTMLElement} plot */
export function createMarks(plot) {
  const layer = el("div", { class: "stage-marks", "aria-hidden": "true" })
  let shown = null

  function place() {
    const layout = plot._fullLayout
    if (!shown || !layout?.xaxis) return
    if (!layer.isConnected) plot.append(layer)
    const { line, dots } = placesOf(layout, shown.marks)
    layer.replaceChildren(
      ...(line
        ? [
            el("i", {
              class: "stage-mark-line",
              style: `left:${line.left}px;top:${line.top}px;height:${line.height}px;background:${shown.ink}`,
            }),
          ]
        : []),
      ...dots.map(({ left, top, color, edge }) =>
        el("i", {
          class: "stage-mark-dot",
          style: `left:${left}px;top:${top}px;background:${color};border-color:${edge}`,
        }),
      ),
    )
  }

  return {
    /** @param {Marks} marks @param {string} ink color of the line */
    show(marks, ink) {
      shown = { marks, ink }
      place()
    },
    /** Once Plotly has drawn. */
    watch() {
      if (plot.dataset.hasMarks) return
      plot.dataset.hasMarks = "yes"
      plot.on("plotly_afterplot", place)
      place()
    },
  }
}
