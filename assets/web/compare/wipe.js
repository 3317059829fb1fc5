// A wipe: two pictures of the same samples on top of each other, and a line that is dragged between them.

import { el, sizeCanvas } from "../lib/dom.js"
import { tr } from "../lib/words.js"

const GAP = 3,
  FEWEST = 4,
  LARGEST = 64

/** How many samples side by side, in how many rows, in a place of this size. */
export function arrange(count, width, height) {
  let best = null
  for (let columns = Math.min(FEWEST, count); columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const tile = Math.min(
      Math.floor((width - GAP * (columns - 1)) / columns),
      Math.floor((height - GAP * (rows - 1)) / rows),
    )
    if (!best || tile > best.tile) best = { columns, rows, tile }
  }
  return { ...best, tile: Math.max(4, Math.min(LARGEST, best.tile)) }
}

/** Draws bytes of (n, h, w) or (n, h, w, 3) pictures as one sheet. */
export function sheetOf({ data }, shape, columns, rows, scratch) {
  const [h, w, channels = 1] = shape,
    count = data.length / (h * w * channels)
  scratch.width = columns * w
  scratch.height = rows * h
  const image = new ImageData(scratch.width, scratch.height)
  for (let i = 0; i < count; i++) {
    const left = (i % columns) * w,
      top = Math.floor(i / columns) * h
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const to = 4 * ((top + y) * scratch.width + left + x),
          from = (i * h * w + y * w + x) * channels
        for (let c = 0; c < 3; c++) image.data[to + c] = data[from + (channels === 3 ? c : 0)]
        image.data[to + 3] = 255
      }
  }
  scratch.getContext("2d").putImageData(image, 0, 0)
  return scratch
}

/** The wipe with its two lists of runs and its handle. */
export function createWipe(root, changed) {
  const canvas = el("canvas", {
    class: "stage-canvas compare-wipe",
    role: "img",
    "data-testid": "compare-wipe",
  })
  const handle = el("input", {
    type: "range",
    class: "stage-range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": tr("Wipe between the two runs"),
    "data-testid": "compare-wipe-at",
    oninput: () => changed(),
  })
  const chosen = new Set() // the lists in which a person has chosen
  const list = (label) => {
    const select = el("select", {
      class: "stage-input",
      "aria-label": label,
      onchange: () => {
        chosen.add(select)
        changed()
      },
    })
    return select
  }
  const left = list(tr("Run on the left")),
    right = list(tr("Run on the right"))
  root.body.append(canvas)
  root.foot.append(el("div", { class: "compare-wipe-bar" }, left, handle, right))
  const scratch = document.createElement("canvas")

  function move(event) {
    if (!(event.buttons & 1)) return
    const box = canvas.getBoundingClientRect()
    handle.value = Math.round((100 * (event.clientX - box.left)) / box.width)
    changed()
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture?.(event.pointerId)
    move(event)
  })
  canvas.addEventListener("pointermove", move)

  /** The runs that can be chosen, by their places; the first two unless others are chosen. */
  function offer(sides) {
    const places = sides.map((side) => String(side.number))
    const key = places.join()
    if (left.dataset.key === key) return
    left.dataset.key = key
    for (const [i, select] of [left, right].entries()) {
      const before = select.value
      select.replaceChildren(
        ...["input", ...sides.map((side) => side.number)].map((number) =>
          el(
            "option",
            { value: number },
            number === "input" ? tr("Input") : tr("Run {run}", { run: number }),
          ),
        ),
      )
      const isKept = chosen.has(select) && (before === "input" || places.includes(before))
      select.value = isKept ? before : places[Math.min(i, places.length - 1)]
    }
  }

  function pixelsOf(sides, value) {
    if (value === "input") return sides[0].statics.inputs
    return sides.find((side) => String(side.number) === value)?.frame.reconstructions
  }

  /** @param {object[]} sides views whose frames have reconstructions of the same inputs */
  function draw(sides, theme) {
    offer(sides)
    const { shape, inputs } = sides[0].statics
    const width = root.body.clientWidth,
      height = root.body.clientHeight
    if (width < 40) return
    const { columns, rows, tile } = arrange(inputs.shape[0], width, height)
    const w = columns * (tile + GAP) - GAP,
      h = rows * (tile + GAP) - GAP
    const pen = sizeCanvas(canvas, w, h)
    pen.clearRect(0, 0, w, h)
    pen.imageSmoothingEnabled = false
    const at = (w * Number(handle.value)) / 100
    for (const [select, from, to] of [
      [left, 0, at],
      [right, at, w],
    ]) {
      const data = pixelsOf(sides, select.value)
      if (!data) continue
      const sheet = sheetOf(data, shape, columns, rows, scratch)
      pen.save()
      pen.beginPath()
      pen.rect(from, 0, to - from, h)
      pen.clip()
      for (let i = 0; i < inputs.shape[0]; i++) {
        const column = i % columns,
          row = Math.floor(i / columns)
        pen.drawImage(
          sheet,
          column * shape[1],
          row * shape[0],
          shape[1],
          shape[0],
          column * (tile + GAP),
          row * (tile + GAP),
          tile,
          tile,
        )
      }
      pen.restore()
    }
    pen.fillStyle = theme.primary
    pen.fillRect(at - 1, 0, 2, h)
    const said = (select) => select.options[select.selectedIndex]?.textContent ?? select.value
    canvas.setAttribute(
      "aria-label",
      tr("{left} left of the line, {right} right of it", { left: said(left), right: said(right) }),
    )
  }

  return { draw }
}
