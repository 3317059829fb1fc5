// Draws points by WebGL2; given back what was set when the browser takes the context away and returns it.

import { FRAGMENT, UNIFORMS, VERTEX } from "./shader.js"

/** A renderer on a canvas; see draw.js. */
export function byWebGL(canvas, gl) {
  let count = 0,
    isLost = false,
    step = 1
  let made = null
  const kept = {} // what was set, to be set again when the browser takes the context away and gives it back
  function build() {
    const program = gl.createProgram()
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ]) {
      const shader = gl.createShader(type)
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
        throw new Error(gl.getShaderInfoLog(shader))
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(gl.getProgramInfoLog(program))
    const uniforms = {}
    for (const name of UNIFORMS) uniforms[name] = gl.getUniformLocation(program, name)
    const buffers = Array.from({ length: 5 }, () => gl.createBuffer())
    const texture = gl.createTexture()
    made = { program, uniforms, buffers, texture }
  }
  function fill(slot, array, size, type, isNormalized) {
    kept[slot] = [array, size, type, isNormalized]
    if (isLost) return
    gl.bindBuffer(gl.ARRAY_BUFFER, made.buffers[slot])
    gl.bufferData(gl.ARRAY_BUFFER, array, gl.DYNAMIC_DRAW)
    gl.enableVertexAttribArray(slot)
    point_(slot)
  }
  /** Every `step`-th point is drawn: bytes are skipped, nothing is copied. */
  function point_(slot) {
    const [array, size, type, isNormalized] = kept[slot]
    gl.bindBuffer(gl.ARRAY_BUFFER, made.buffers[slot])
    gl.vertexAttribPointer(
      slot,
      size,
      type,
      isNormalized,
      step === 1 ? 0 : step * size * array.BYTES_PER_ELEMENT,
      0,
    )
  }
  function setTable(table) {
    kept.table = table
    if (isLost) return
    gl.bindTexture(gl.TEXTURE_2D, made.texture)
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table)
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST)
  }
  build()
  const lose = (event) => {
    event.preventDefault()
    isLost = true
  }
  const regain = () => {
    isLost = false
    build()
    for (const slot of [0, 1, 2, 3, 4]) if (kept[slot]) fill(slot, ...kept[slot])
    if (kept.table) setTable(kept.table)
    canvas.dispatchEvent(new Event("redraw"))
  }
  canvas.addEventListener("webglcontextlost", lose)
  canvas.addEventListener("webglcontextrestored", regain)
  return {
    kind: "webgl2",
    setPlaces(from, to) {
      count = to.length / 2
      fill(0, from, 2, gl.UNSIGNED_SHORT, true)
      fill(1, to, 2, gl.UNSIGNED_SHORT, true)
    },
    setColors(codes, table) {
      fill(2, codes, 1, gl.UNSIGNED_BYTE, false)
      setTable(table)
    },
    setSizes(sizes) {
      fill(3, sizes, 1, gl.UNSIGNED_BYTE, true)
    },
    setStates(states) {
      fill(4, states, 1, gl.UNSIGNED_BYTE, false)
    },
    draw({
      from,
      to,
      t,
      view,
      point,
      hasShapes,
      anyChosen,
      levels,
      alpha,
      dim,
      dpr,
      every = 1,
      ink,
      isOutlined,
    }) {
      if (isLost || !count) {
        if (!isLost) {
          gl.clearColor(0, 0, 0, 0)
          gl.clear(gl.COLOR_BUFFER_BIT)
        }
        return
      }
      gl.viewport(0, 0, canvas.width, canvas.height)
      gl.clearColor(0, 0, 0, 0)
      gl.clear(gl.COLOR_BUFFER_BIT)
      gl.useProgram(made.program)
      if (every !== step) {
        step = every
        for (const slot of [0, 1, 2, 3, 4]) if (kept[slot]) point_(slot)
      }
      gl.enable(gl.BLEND)
      gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
      const u = made.uniforms
      gl.uniform3f(u.uFrom, ...from)
      gl.uniform3f(u.uTo, ...to)
      gl.uniform1f(u.uT, t)
      gl.uniform4f(u.uView, ...view)
      gl.uniform1f(u.uPoint, point * dpr)
      gl.uniform1f(u.uAny, anyChosen ? 1 : 0)
      gl.uniform1f(u.uShapes, hasShapes ? 1 : 0)
      gl.uniform1f(u.uAlpha, alpha)
      gl.uniform1f(u.uDim, dim)
      gl.uniform1i(u.uColors, 0)
      gl.activeTexture(gl.TEXTURE0)
      gl.bindTexture(gl.TEXTURE_2D, made.texture)
      gl.uniform1f(u.uOutline, isOutlined ? 1 : 0)
      gl.uniform3f(u.uInk, ink[0] / 255, ink[1] / 255, ink[2] / 255)
      for (const level of levels) {
        gl.uniform1f(u.uLevel, level)
        gl.drawArrays(gl.POINTS, 0, Math.floor(count / step))
      }
    },
    destroy() {
      canvas.removeEventListener("webglcontextlost", lose)
      canvas.removeEventListener("webglcontextrestored", regain)
      gl.getExtension("WEBGL_lose_context")?.loseContext()
    },
  }
}
