// Tokens on a map, as what they are written with.

import { classColor } from "../../lib/palette.js"

/** A token's text with its spaces and line ends to be seen. */
export const visible = (piece) =>
  piece.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥") || "∅"

// Class colors are made for marks; letters need more contrast with the ground.
const glyphColor = (label, isDark) =>
  `color-mix(in srgb, ${classColor(label)} 72%, ${isDark ? "white" : "black"})`

/**
 * Tokens as themselves, in the color of their kind.
 * @param {CanvasRenderingContext2D} pen
 * @param {{over: HTMLElement, zoom: number, screenOf: (i: number) => number[]}} plot
 * @param {number} chosen the only kind that is shown in full, or −1
 */
export function drawGlyphs(pen, plot, { glyphs, labels }, theme, chosen) {
  const [width, height] = [plot.over.clientWidth, plot.over.clientHeight]
  pen.font = `${Math.round(Math.min(26, 12 * Math.sqrt(plot.zoom)))}px ${theme.font}`
  pen.textAlign = "center"
  pen.textBaseline = "middle"
  // The most frequent tokens come first in the list, so they are drawn last and lie on top.
  for (let i = labels.data.length - 1; i >= 0; i--) {
    const [x, y] = plot.screenOf(i)
    if (x < -20 || y < -9 || x > width + 20 || y > height + 9) continue
    pen.globalAlpha = chosen >= 0 && labels.data[i] !== chosen ? 0.1 : 1
    pen.fillStyle = glyphColor(labels.data[i], theme.isDark)
    pen.fillText(visible(glyphs[i]), x, y)
  }
  pen.globalAlpha = 1
  pen.textAlign = "start"
  pen.textBaseline = "alphabetic"
}
