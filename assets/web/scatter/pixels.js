// Draws points on a plain canvas: small ones are written into the pixels, larger ones are copies of a few drawn ones.

import { addOutline } from "./shapes.js"
import { alphaOf, DIM, levelOf, scaleOf } from "./standing.js"

/** A renderer for machines without a graphics card; see draw.js. */
export function byCanvas(canvas) {
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
    const side = 2 * Math.ceil(1.2 * radius + 2)
    const hasBitmaps = typeof OffscreenCanvas === "function"
    const stamp = hasBitmaps ? new OffscreenCanvas(side, side) : document.createElement("canvas")
    if (!hasBitmaps) stamp.width = stamp.height = side
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
    // A canvas is looked at anew each time it is copied; a bitmap is not.
    return hasBitmaps ? stamp.transferToImageBitmap() : stamp
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
