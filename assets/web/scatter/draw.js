// Draws many points: by WebGL2 where it is there, else on a plain canvas. Both are given the same typed arrays.
// A point is 4 bytes of place (two numbers of 16 bits), 1 of color, 1 of size, and 1 of state: the bits below.

import { addOutline } from "./shapes.js"

export const CHOSEN = 1
export const HIDDEN = 2
export const FAINT = 4 // small and pale, under the others
export const LARGE = 8 // large and outlined, over the others
const LARGER = 2.2
const SMALLER = 0.7
const PALE = 0.4

/** In which order points are drawn: dim ones, faint ones, plain ones, large ones. */
export const DIM = 0
const PLAIN = 2
export function levelOf(state, anyChosen) {
  if (state & HIDDEN || (anyChosen && !(state & CHOSEN))) return DIM
  return state & FAINT ? 1 : state & LARGE ? 3 : PLAIN
}

const VERTEX = `#version 300 es
layout(location = 0) in vec2 aFrom;
layout(location = 1) in vec2 aTo;
layout(location = 2) in float aColor;
layout(location = 3) in float aSize;
layout(location = 4) in float aState;
uniform vec3 uFrom, uTo;
uniform vec4 uView;
uniform float uT, uPoint, uLevel, uAny, uDim;
uniform sampler2D uColors;
flat out vec4 vColor;
flat out float vShape, vSize, vOutline;
bool has(float state, float bit) { return mod(floor((state + 0.5) / bit), 2.0) > 0.5; }
void main() {
  vec2 place = mix(uFrom.xy + aFrom * uFrom.z, uTo.xy + aTo * uTo.z, uT);
  gl_Position = vec4((place - uView.xy) * uView.zw, 0.0, 1.0);
  bool isDim = has(aState, 2.0) || (uAny > 0.5 && !has(aState, 1.0));
  bool isFaint = has(aState, 4.0), isLarge = has(aState, 8.0);
  float level = isDim ? 0.0 : isFaint ? 1.0 : isLarge ? 3.0 : 2.0;
  if (abs(level - uLevel) > 0.5) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); }
  float scale = isLarge ? ${LARGER} : isFaint ? ${SMALLER} : 1.0;
  gl_PointSize = vSize = uPoint * scale * (0.5 + aSize) + (uPoint < 3.5 ? 0.0 : 1.0);
  vec4 entry = texelFetch(uColors, ivec2(int(aColor + 0.5), 0), 0);
  vColor = isDim ? vec4(mix(entry.rgb, vec3(0.6), 0.7), uDim) : vec4(entry.rgb, isFaint ? ${PALE} : 1.0);
  vShape = floor(entry.a * 255.0 + 0.5);
  vOutline = isLarge && !isDim ? 1.0 : 0.0;
}`
const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 vColor;
flat in float vShape, vSize, vOutline;
uniform float uPoint, uShapes, uAlpha, uOutline;
uniform vec3 uInk;
out vec4 color;
float box(vec2 p, vec2 b) { vec2 d = abs(p) - b; return max(d.x, d.y); }
float ngon(vec2 p, float n, float turn) {
  float a = atan(p.y, p.x) - turn, s = 6.2831853 / n;
  return cos(floor(0.5 + a / s) * s - a) * length(p) - cos(3.14159265 / n);
}
void main() {
  // So small a point is a square, whatever its shape.
  if (uPoint < 3.5) { color = vec4(vColor.rgb, vColor.a * uAlpha); return; }
  vec2 p = (gl_PointCoord - 0.5) * 2.3;
  float d = length(p) - 1.0;
  if (uShapes > 0.5) {
    vec2 q = mat2(0.7071, -0.7071, 0.7071, 0.7071) * p;
    if (vShape > 8.5) d = ngon(p, 6.0, 0.5236);
    else if (vShape > 7.5) d = ngon(p, 5.0, -0.9425);
    else if (vShape > 6.5) { float a = atan(p.y, p.x) + 1.5708; d = length(p) - (0.78 + 0.36 * cos(5.0 * a)); }
    else if (vShape > 5.5) d = ngon(p, 3.0, 0.5236);
    else if (vShape > 4.5) d = min(box(q, vec2(0.4, 1.0)), box(q, vec2(1.0, 0.4)));
    else if (vShape > 3.5) d = min(box(p, vec2(0.4, 1.0)), box(p, vec2(1.0, 0.4)));
    else if (vShape > 2.5) d = abs(p.x) + abs(p.y) - 1.0;
    else if (vShape > 1.5) d = ngon(p, 3.0, -0.5236);
    else if (vShape > 0.5) d = box(p, vec2(0.72));
  }
  float edge = 2.0 / max(vSize, 1.0);
  float cover = 1.0 - smoothstep(-edge, edge * 0.3, d);
  if (cover < 0.03) discard;
  // The rim lies within the shape and is one and a half pixels wide.
  float rim = max(vOutline, uOutline) * smoothstep(-2.2 * edge, -1.5 * edge, d);
  color = vec4(mix(vColor.rgb, uInk, rim), vColor.a * cover * uAlpha);
}`
const UNIFORMS = "uFrom uTo uView uT uPoint uLevel uAny uColors uShapes uAlpha uDim uOutline uInk".split(" ")

/**
 * {kind, set…, draw, destroy} for a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {{force?: string, isKept?: boolean}} options force: "canvas" does without WebGL; isKept: the picture can be read
 * at any time, and saved
 */
export function createRenderer(canvas, { force = "", isKept = false } = {}) {
  const about = { antialias: false, alpha: true, premultipliedAlpha: false, preserveDrawingBuffer: isKept }
  const gl = force === "canvas" ? null : canvas.getContext("webgl2", about)
  return gl ? byWebGL(canvas, gl) : byCanvas(canvas)
}

function byWebGL(canvas, gl) {
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

function byCanvas(canvas) {
  const context = canvas.getContext("2d")
  let first = null,
    last = null,
    codes = null,
    table = null,
    sizes = null,
    states = null
  return {
    kind: "canvas",
    setPlaces(from, to) {
      first = from
      last = to
    },
    setColors(newCodes, newTable) {
      codes = newCodes
      table = newTable
    },
    setSizes(newSizes) {
      sizes = newSizes
    },
    setStates(newStates) {
      states = newStates
    },
    draw({ from, to, t, view, point, hasShapes, anyChosen, levels, alpha, dim, dpr, ink, isOutlined }) {
      const { width, height } = canvas
      context.clearRect(0, 0, width, height)
      if (!last || !codes) return
      const n = last.length / 2
      const css = (i) => `rgb(${table[4 * i]},${table[4 * i + 1]},${table[4 * i + 2]})`
      for (const level of levels) {
        const isDim = level === DIM
        const scale = level === 3 ? LARGER : level === 1 ? SMALLER : 1
        const hasRim = isOutlined || level === 3
        const paths = new Map()
        for (let i = 0; i < n; i++) {
          if (levelOf(states[i], anyChosen) !== level) continue
          const x =
            (1 - t) * (from[0] + (first[2 * i] / 65535) * from[2]) +
            t * (to[0] + (last[2 * i] / 65535) * to[2])
          const y =
            (1 - t) * (from[1] + (first[2 * i + 1] / 65535) * from[2]) +
            t * (to[1] + (last[2 * i + 1] / 65535) * to[2])
          const px = (((x - view[0]) * view[2] + 1) / 2) * width
          const py = ((1 - (y - view[1]) * view[3]) / 2) * height
          if (px < -20 || py < -20 || px > width + 20 || py > height + 20) continue
          const r = (point * dpr * scale * (0.5 + sizes[i] / 255)) / 2
          if (!paths.has(codes[i])) paths.set(codes[i], new Path2D())
          const path = paths.get(codes[i])
          if (point < 3.5) path.rect(px - r, py - r, 2 * r, 2 * r)
          else addOutline(path, hasShapes ? table[4 * codes[i] + 3] : 0, px, py, r)
        }
        context.globalAlpha = alpha * (isDim ? dim : level === 1 ? PALE : 1)
        for (const [code, path] of paths) {
          context.fillStyle = isDim ? "rgb(153,153,153)" : css(code)
          context.fill(path)
          if (!hasRim || isDim) continue
          context.lineWidth = 1.5 * dpr
          context.strokeStyle = `rgb(${ink.join(",")})`
          context.stroke(path)
        }
      }
    },
    destroy() {},
  }
}
