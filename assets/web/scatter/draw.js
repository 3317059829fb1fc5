// Draws many points: by WebGL2 where there is a graphics card, else on a plain canvas. Both are given the same typed arrays.
// A point is 4 bytes of place (two numbers of 16 bits), 1 of color, 1 of size, and 1 of state: the bits of standing.js.

import { byCanvas } from "./pixels.js"
import { byWebGL } from "./webgl.js"

/**
 * {kind, set…, draw, destroy} for a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {{force?: string, isKept?: boolean}} options force: "canvas" or "webgl" (even where it is computed without a
 * graphics card, which is slower than the canvas); isKept: the picture can be read at any time, and saved
 */
export function createRenderer(canvas, { force = "", isKept = false } = {}) {
  const about = { antialias: false, alpha: true, premultipliedAlpha: false, preserveDrawingBuffer: isKept }
  const wantsGL = force === "webgl" || (force !== "canvas" && hasGraphicsCard())
  const gl = wantsGL ? canvas.getContext("webgl2", about) : null
  return gl ? byWebGL(canvas, gl) : byCanvas(canvas)
}

let knownCard = null
/** Whether WebGL is more than a program that computes each pixel. */
function hasGraphicsCard() {
  if (knownCard !== null) return knownCard
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true })
  if (gl) {
    const about = gl.getExtension("WEBGL_debug_renderer_info")
    const name = gl.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : gl.RENDERER)
    knownCard = !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(name)
    gl.getExtension("WEBGL_lose_context")?.loseContext()
  } else knownCard = false
  return knownCard
}
