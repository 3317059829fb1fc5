// Draws many points: by WebGL2 where there is a graphics card, else on a plain canvas. Both are given the same typed arrays.
// A point is 4 bytes of place (two numbers of 16 bits), 1 of color, 1 of size, and 1 of state: the bits below.
// Both ways of drawing stay in one file: they must agree on every rule for levels, shapes and states.

import { addOutline } from "./shapes.js"

export const CHOSEN = 1
export const HIDDEN = 2
export const FAINT = 4 // small and pale, under the others
export const LARGE = 8 // large and outlined, over the others
const LARGER = 2.2
const SMALLER = 0.7
const PALE = 0.4

export const DIM = 0
const PLAIN = 2
/**
 * In which order points are drawn: dim, faint, plain, large.
 * @param {number} state bits of CHOSEN, HIDDEN, FAINT, LARGE
 * @param {boolean} anyChosen whether any point of the map is chosen
 */
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

/** Without a graphics card: small points are written into the pixels, larger ones are copies of a few drawn ones. */
function byCanvas(canvas) {
  const context = canvas.getContext("2d")
  let first = null
  let last = null
  let codes = null
  let table = null
  let sizes = null
  let states = null
  let image = null
  let stamps = new Map()
  let madeFor = "" // what the stamps' looks depend on

  /** Calls `visit(i, x, y)`, in pixels, for each point of a level that is seen. */
  function eachPoint({ from, to, t, view, anyChosen, every = 1 }, level, visit) {
    const { width, height } = canvas
    const ax = ((view[2] * width) / 2) * (1 - t)
    const bx = ((view[2] * width) / 2) * t
    const ay = ((view[3] * height) / 2) * (1 - t)
    const by = ((view[3] * height) / 2) * t
    const a = from[2] / 65535
    const b = to[2] / 65535
    // x = a constant + two coordinates of 16 bits, each times a constant
    const x0 = ax * from[0] + bx * to[0] - (view[0] * view[2] * width) / 2 + width / 2
    const y0 = height / 2 - ay * from[1] - by * to[1] + (view[1] * view[3] * height) / 2
    for (let i = 0; i < codes.length; i += every) {
      if (levelOf(states[i], anyChosen) !== level) continue
      const x = x0 + ax * a * first[2 * i] + bx * b * last[2 * i]
      const y = y0 - ay * a * first[2 * i + 1] - by * b * last[2 * i + 1]
      if (x > -20 && y > -20 && x < width + 20 && y < height + 20) visit(i, x, y)
    }
  }

  function drawPixels(look, point) {
    const { width, height } = canvas
    if (image?.width !== width || image.height !== height) image = context.createImageData(width, height)
    const { data } = image
    data.fill(0)
    for (const level of look.levels) {
      const isDim = level === DIM
      const alpha = 255 * alphaOf(look, level)
      const scale = point * scaleOf(level)
      eachPoint(look, level, (i, x, y) => {
        const side = Math.max(1, Math.round(scale * (0.5 + sizes[i] / 255)))
        const left = Math.round(x - side / 2)
        const top = Math.round(y - side / 2)
        const entry = 4 * codes[i]
        const red = isDim ? 153 : table[entry]
        const green = isDim ? 153 : table[entry + 1]
        const blue = isDim ? 153 : table[entry + 2]
        const right = Math.min(width, left + side)
        const bottom = Math.min(height, top + side)
        for (let row = Math.max(0, top); row < bottom; row++) {
          for (let column = Math.max(0, left); column < right; column++) {
            const at = 4 * (row * width + column)
            // What is below shows through: source over destination, colors not multiplied by alpha.
            const all = alpha + (data[at + 3] * (255 - alpha)) / 255
            const share = alpha / all
            data[at] += (red - data[at]) * share
            data[at + 1] += (green - data[at + 1]) * share
            data[at + 2] += (blue - data[at + 2]) * share
            data[at + 3] = all
          }
        }
      })
    }
    context.putImageData(image, 0, 0)
  }

  /** A point that is drawn once and copied. */
  function makeStamp(color, shape, radius, rim) {
    const stamp = document.createElement("canvas")
    const side = 2 * Math.ceil(1.2 * radius + 2)
    stamp.width = stamp.height = side
    const pen = stamp.getContext("2d")
    pen.beginPath()
    addOutline(pen, shape, side / 2, side / 2, radius)
    pen.fillStyle = color
    pen.fill()
    if (rim) {
      pen.lineWidth = rim.width
      pen.strokeStyle = rim.color
      pen.stroke()
    }
    return stamp
  }

  function drawStamps(look, point) {
    const { dpr, ink, hasShapes, isOutlined } = look
    const rim = { width: 1.5 * dpr, color: `rgb(${ink.join(",")})` }
    const made = `${rim.color} ${dpr} ${hasShapes}`
    if (made !== madeFor || stamps.size > 4000) stamps = new Map()
    madeFor = made
    context.clearRect(0, 0, canvas.width, canvas.height)
    for (const level of look.levels) {
      const isDim = level === DIM
      const hasRim = !isDim && (isOutlined || level === 3)
      const scale = 4 * (point / 2) * scaleOf(level)
      context.globalAlpha = alphaOf(look, level)
      eachPoint(look, level, (i, x, y) => {
        // Radii in steps of a quarter of a pixel, so that few stamps do.
        const quarters = Math.round(scale * (0.5 + sizes[i] / 255))
        const key = codes[i] + 256 * ((isDim ? 1 : 0) + (hasRim ? 2 : 0) + 4 * quarters)
        let stamp = stamps.get(key)
        if (!stamp) {
          const entry = 4 * codes[i]
          const color = `rgb(${isDim ? "153,153,153" : table.slice(entry, entry + 3).join(",")})`
          stamp = makeStamp(color, hasShapes ? table[entry + 3] : 0, quarters / 4, hasRim ? rim : null)
          stamps.set(key, stamp)
        }
        // At whole pixels they are copied, not computed again.
        context.drawImage(stamp, Math.round(x - stamp.width / 2), Math.round(y - stamp.height / 2))
      })
    }
    context.globalAlpha = 1
  }

  return {
    kind: "canvas",
    setPlaces(from, to) {
      first = from
      last = to
    },
    setColors(newCodes, newTable) {
      codes = newCodes
      table = newTable
      stamps = new Map()
    },
    setSizes(newSizes) {
      sizes = newSizes
    },
    setStates(newStates) {
      states = newStates
    },
    draw(look) {
      if (!last || !codes || codes.length !== last.length / 2) return
      const point = look.point * look.dpr
      if (look.point < 3.5) drawPixels(look, point)
      else drawStamps(look, point)
    },
    destroy() {},
  }
}

const scaleOf = (level) => (level === 3 ? LARGER : level === 1 ? SMALLER : 1)
const alphaOf = ({ alpha, dim }, level) => alpha * (level === DIM ? dim : level === 1 ? PALE : 1)
