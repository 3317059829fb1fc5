// Reconstructions: input, what the network was given if that was another thing, output and error of the same
// validation samples, at the cursor's epoch.

import { el, fixed, icon, setText, sizeCanvas } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { momentOf } from "../store.js"

const GAP = 3,
  BLOCK_GAP = 12,
  MOST_LINES = 24,
  FEWEST = 6

export default {
  id: "reconstructions",
  get title() {
    return tr("Reconstructions")
  },
  create(root) {
    let table = null,
      images = null
    return {
      update(view) {
        if (!view.statics || !view.frame) return
        if (view.statics.shape.length < 2) {
          table ??= createTable(root)
          table.update(view)
        } else {
          images ??= createImages(root)
          images.update(view)
        }
      },
      resize() {
        images?.redraw()
      },
      destroy() {
        images?.destroy()
      },
      summary(view) {
        if (!view.frame?.tile_loss) return tr("There are no reconstructions yet.")
        const losses = Array.from(view.frame.tile_loss.data)
        const mean = losses.reduce((a, b) => a + b, 0) / losses.length
        return tr(
          "At {moment} the {count} validation samples shown are reconstructed with a mean squared error of {mean} per value; the lowest is {low}, the highest {high}.",
          {
            moment: momentOf(view.frame),
            count: losses.length,
            mean: fixed(mean, 4),
            low: fixed(Math.min(...losses), 4),
            high: fixed(Math.max(...losses), 4),
          },
        )
      },
    }
  },
}

function createImages(root) {
  const canvas = el("canvas", { class: "stage-canvas", role: "img" })
  const card = el("div", { class: "stage-card", hidden: true })
  root.body.append(canvas, card)
  let view = null,
    places = [],
    tile = 0,
    pointer = null
  const scratch = document.createElement("canvas")

  function redraw() {
    if (!view) return
    const [h, w, channels = 1] = view.statics.shape
    const width = root.body.clientWidth,
      height = root.body.clientHeight
    if (width < 40) return
    const count = view.statics.inputs.shape[0]
    const parts = partsOf(view),
      labels = parts.length > 3 ? 66 : 46
    const { columns, blocks } = arrange(width - labels, height, count, parts.length)
    tile = tileSize(width - labels, columns)
    const blockHeight = parts.length * (tile + GAP)
    const context = sizeCanvas(canvas, width, blocks * (blockHeight + BLOCK_GAP) - BLOCK_GAP)
    context.clearRect(0, 0, width, height + blockHeight)
    context.imageSmoothingEnabled = false
    context.font = `12px ${view.theme.font}`
    context.textBaseline = "middle"
    places = []
    scratch.width = w
    scratch.height = h
    const pen = scratch.getContext("2d", { willReadFrequently: true })
    for (let block = 0; block < blocks; block++) {
      const top = block * (blockHeight + BLOCK_GAP)
      parts.forEach((part, row) => {
        context.fillStyle = view.theme.muted
        context.fillText(part.label, 0, top + row * (tile + GAP) + tile / 2)
      })
      for (let column = 0; column < columns && block * columns + column < count; column++) {
        const index = block * columns + column
        const x = labels + column * (tile + GAP)
        for (let row = 0; row < parts.length; row++) {
          pen.putImageData(paint(parts[row], index, w, h, channels, view.theme), 0, 0)
          context.drawImage(scratch, x, top + row * (tile + GAP), tile, tile)
        }
        places.push({ x, y: top, index })
      }
    }
    canvas.setAttribute(
      "aria-label",
      tr("Input, output and error of {count} validation samples at {moment}", {
        count: places.length,
        moment: momentOf(view.frame),
      }),
    )
  }

  function hover(event) {
    pointer = event
    const box = canvas.getBoundingClientRect()
    const x = event.clientX - box.left,
      y = event.clientY - box.top
    const place = places.find(
      (p) => x >= p.x && x < p.x + tile && y >= p.y && y < p.y + partsOf(view).length * (tile + GAP),
    )
    card.hidden = !place
    if (!place) return
    const { statics, frame } = view
    const label = statics.tile_labels.data[place.index]
    const name = label >= 0 && statics.classes.length ? statics.classes[label] : ""
    const [h, w, channels = 1] = statics.shape
    const error = fixed(frame.tile_loss.data[place.index], 4)
    const big = partsOf(view).map((part) => {
      const one = el("canvas", { class: "stage-big", width: w, height: h })
      one.getContext("2d").putImageData(paint(part, place.index, w, h, channels, view.theme), 0, 0)
      return one
    })
    card.replaceChildren(
      el("div", { class: "stage-trio" }, ...big),
      el("div", {}, name ? tr("Class {name} · MSE {error}", { name, error }) : tr("MSE {error}", { error })),
    )
    placeCard(card, root.body, event)
  }
  canvas.addEventListener("pointermove", hover)
  canvas.addEventListener("pointerleave", () => {
    card.hidden = true
    pointer = null
  })
  return {
    update(next) {
      const isNew = next.frame !== view?.frame
      view = next
      redraw()
      if (pointer && isNew) hover(pointer) // the card is of the cursor's epoch too
    },
    redraw,
    destroy() {
      card.remove()
    },
  }
}

const tileSize = (width, columns) => Math.floor((width - GAP * columns) / columns)

/** The rows of a block; a network that is given noise or holes has one more. */
function partsOf(view) {
  const input = view.statics.inputs.data,
    output = view.frame.reconstructions.data,
    given = view.frame.corrupted?.data
  return [
    { label: tr("Input"), data: input },
    ...(given ? [{ label: tr("Corrupted"), data: given }] : []),
    { label: tr("Output"), data: output },
    { label: tr("Error"), data: input, other: output },
  ]
}

/** How many samples side by side, in how many blocks of rows, so that the most picture is seen. */
function arrange(width, height, count, rows) {
  let best = { columns: Math.min(FEWEST, count), blocks: 1, area: 0 }
  for (let columns = Math.min(FEWEST, count); columns <= Math.min(16, count); columns++) {
    const tile = tileSize(width, columns)
    const fit = Math.floor((height + BLOCK_GAP) / (rows * (tile + GAP) + BLOCK_GAP))
    const blocks = Math.max(1, Math.min(Math.ceil(count / columns), fit))
    const area = tile * tile * Math.min(count, blocks * columns) * (fit ? 1 : 0.01)
    if (area > best.area) best = { columns, blocks, area }
  }
  return best
}

/** Keep a hover card inside its panel, beside the pointer. */
export function placeCard(card, body, event) {
  const box = body.getBoundingClientRect()
  const x = event.clientX - box.left,
    y = event.clientY - box.top
  const left = x + 16 + card.offsetWidth > box.width ? x - card.offsetWidth - 12 : x + 16
  card.style.left = `${Math.max(0, left)}px`
  card.style.top = `${Math.max(0, Math.min(y + 12, box.height - card.offsetHeight))}px`
}

/** Pixels of one tile; with `other`, the absolute difference from the panel's color to orange. */
function paint({ data, other }, index, w, h, channels, theme) {
  const image = new ImageData(w, h),
    size = w * h * channels,
    offset = index * size
  const [r0, g0, b0] = theme.isDark ? [18, 22, 28] : [255, 255, 255]
  for (let pixel = 0; pixel < w * h; pixel++) {
    const at = pixel * 4
    if (other) {
      let error = 0
      for (let c = 0; c < channels; c++)
        error += Math.abs(data[offset + pixel * channels + c] - other[offset + pixel * channels + c])
      const t = Math.min(1, error / channels / 255)
      image.data[at] = r0 + (213 - r0) * t
      image.data[at + 1] = g0 + (94 - g0) * t
      image.data[at + 2] = b0 + (0 - b0) * t
    } else {
      for (let c = 0; c < 3; c++)
        image.data[at + c] = data[offset + pixel * channels + (channels === 3 ? c : 0)]
    }
    image.data[at + 3] = 255
  }
  return image
}

function createTable(root) {
  let view = null,
    sample = 0
  const name = el("span", { class: "stage-label" })
  const move = (by) => {
    sample = (sample + by + view.statics.inputs.shape[0]) % view.statics.inputs.shape[0]
    redraw()
  }
  root.head.append(
    el(
      "button",
      { class: "stage-chip", type: "button", "aria-label": tr("Previous row"), onclick: () => move(-1) },
      icon("prev"),
    ),
    name,
    el(
      "button",
      { class: "stage-chip", type: "button", "aria-label": tr("Next row"), onclick: () => move(1) },
      icon("play"),
    ),
  )
  const canvas = el("canvas", { class: "stage-canvas", role: "img" })
  const scroller = el("div", { class: "stage-scroll" }, canvas)
  root.body.append(scroller)

  function redraw() {
    if (!view) return
    const { statics, frame, theme } = view
    const width0 = statics.inputs.shape[1],
      count = statics.inputs.shape[0]
    const shown = strongest(statics.inputs.data, frame.reconstructions.data, sample * width0, width0)
    const columns = shown.length
    const label = statics.tile_labels.data[sample]
    const row = tr("row {row} of {count}", { row: sample + 1, count })
    setText(name, label >= 0 ? `${row}, ${statics.classes[label]}` : row)
    const width = scroller.clientWidth - 12
    if (width < 40) return
    const line = Math.max(16, Math.min(26, Math.floor((root.body.clientHeight - 20) / columns)))
    const names = Math.min(150, width * 0.42)
    const context = sizeCanvas(canvas, width, columns * line + 20)
    context.clearRect(0, 0, width, columns * line + 20)
    context.font = `12px ${theme.font}`
    context.textBaseline = "middle"
    const place = (value) => names + 8 + (value / 255) * (width - names - 18)
    for (let i = 0; i < columns; i++) {
      const y = i * line + line / 2,
        at = sample * width0 + shown[i]
      const a = statics.inputs.data[at],
        b = frame.reconstructions.data[at]
      context.fillStyle = theme.text
      const called = statics.columns[shown[i]] || tr("column {number}", { number: shown[i] + 1 })
      context.fillText(clip(context, called, names - 4), 0, y)
      context.strokeStyle = theme.border
      context.beginPath()
      context.moveTo(place(0), y)
      context.lineTo(place(255), y)
      context.stroke()
      context.strokeStyle = "#D55E00"
      context.lineWidth = 2
      context.beginPath()
      context.moveTo(place(a), y)
      context.lineTo(place(b), y)
      context.stroke()
      context.lineWidth = 1.5
      context.fillStyle = theme.primary
      context.beginPath()
      context.arc(place(b), y, 4, 0, 7)
      context.fill()
      context.strokeStyle = theme.text
      context.beginPath()
      context.arc(place(a), y, 4.5, 0, 7)
      context.stroke()
    }
    context.fillStyle = theme.muted
    const what =
      columns < width0
        ? tr("the {count} largest of {all} values", { count: columns, all: width0 })
        : tr("line: error, columns scaled to 0…1")
    context.fillText(tr("○ input   ● output   {what}", { what }), 0, columns * line + 10)
    canvas.setAttribute(
      "aria-label",
      tr("Columns of validation row {row}: input and output at {moment}", {
        row: sample + 1,
        moment: momentOf(frame),
      }),
    )
  }
  return {
    update(next) {
      view = next
      redraw()
    },
  }
}

/** Columns to draw: all of a small table, else those with the largest input or output. */
function strongest(inputs, outputs, offset, width) {
  const all = Array.from({ length: width }, (_, i) => i)
  if (width <= 60) return all
  const size = (i) => Math.max(inputs[offset + i], outputs[offset + i])
  return all.sort((a, b) => size(b) - size(a)).slice(0, MOST_LINES)
}

function clip(context, text, width) {
  if (context.measureText(text).width <= width) return text
  while (text.length > 1 && context.measureText(`${text}…`).width > width) text = text.slice(0, -1)
  return `${text}…`
}
