// Repair by hand: take or draw an image, add noise or paint a part out, and see what the network restores.

import { el, fixed, icon, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { asker, epochKey } from "../asking.js"
import { nameOf, select, toggle } from "../controls.js"
import { drawCells, drawItem, drawMany, heat, itemAt } from "../items.js"

const SIZE = 168,
  BRUSH = 1.6
const noisesOf = () => [
  ["none", tr("no noise")],
  ["gaussian", tr("Gaussian noise")],
  ["masking", tr("values set to 0")],
  ["salt-and-pepper", tr("salt and pepper")],
]

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes))

export default {
  id: "repair",
  get title() {
    return tr("Repair")
  },
  get help() {
    return tr("Damage an image and see how the network repairs it.")
  },
  isFor: (state) => state.task !== "views",
  create(root, ctx) {
    let view = null,
      sample = 0,
      seed = 0,
      own = null,
      mask = null,
      version = 0
    const again = () => {
      if (view) ask()
    }
    const name = el("span", { class: "stage-label" })
    const move = (by) => {
      const n = view.statics.labels.data.length
      choose((current() + by + n) % n)
    }
    const source = toggle(
      tr("Image"),
      [
        ["sample", tr("a sample")],
        ["own", tr("Draw one")],
      ],
      () => {
        mask = null
        version++
        if (view) {
          layout()
          ask()
        }
      },
    )
    const noise = select(tr("Noise"), noisesOf(), again)
    const amount = el("input", {
      class: "stage-range",
      type: "range",
      min: "0",
      max: "1",
      step: "0.05",
      value: "0.4",
      "aria-label": tr("Amount of noise"),
      "data-testid": "repair-amount",
      oninput: again,
    })
    const amountText = el("span", { class: "stage-counter" })
    const reset = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        onclick: () => {
          mask = null
          if (own) own.fill(0)
          version++
          layout()
          ask()
        },
      },
      tr("Clear paint"),
    )
    const steps = el(
      "span",
      { class: "lab-toggle" },
      el(
        "button",
        { class: "stage-chip", type: "button", "aria-label": tr("Previous sample"), onclick: () => move(-1) },
        icon("prev"),
      ),
      name,
      el(
        "button",
        { class: "stage-chip", type: "button", "aria-label": tr("Next sample"), onclick: () => move(1) },
        icon("play"),
      ),
    )
    const newNoise = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        onclick: () => {
          seed++
          again()
        },
      },
      tr("New noise"),
    )
    noise.value = "masking"
    root.body.append(
      el(
        "div",
        { class: "lab-row" },
        source.root,
        steps,
        noise,
        el("label", { class: "stage-label lab-slider" }, tr("amount"), amount, amountText),
        newNoise,
        reset,
      ),
    )
    const easel = el("div", { class: "lab-easel" })
    const out = el("div", { class: "lab-grow" })
    root.body.append(el("div", { class: "lab-four" }, easel, out))
    const note = el("p", { class: "stage-muted" })
    root.body.append(note)
    const part = asker(out, draw)

    const current = () => ctx.selection.first ?? sample
    function choose(next) {
      sample = next
      if (ctx.selection.first !== null) ctx.selection.set(next)
      mask = null
      version++
      layout()
      ask()
    }

    /** The image that is painted on. */
    function layout() {
      const isOwn = source.value === "own",
        { statics } = view
      steps.hidden = isOwn
      setText(
        name,
        tr("sample {number} of {count}", { number: current() + 1, count: statics.labels.data.length }),
      )
      name.title = nameOf(view, current())
      const isImage = statics.shape.length > 1
      easel.hidden = !isImage
      source.root.hidden = !isImage || statics.shape.length > 2 || statics.kind !== "image"
      reset.hidden = !isImage
      if (!isImage) return
      const [h, w] = statics.shape
      if (isOwn) own ??= new Uint8Array(h * w)
      const bytes = isOwn ? own : null
      const canvas = el("canvas", {
        class: "lab-image lab-paint",
        width: w,
        height: h,
        tabindex: "0",
        role: "img",
        "data-testid": "repair-paint",
        "aria-label": isOwn ? tr("Draw here in white on black") : tr("Paint here to hide a part"),
      })
      const scale = SIZE / Math.max(w, h)
      Object.assign(canvas.style, { width: `${w * scale}px`, height: `${h * scale}px` })
      easel.replaceChildren(
        el(
          "figure",
          { class: "lab-item" },
          canvas,
          el("figcaption", {}, isOwn ? tr("Draw here") : tr("Input: paint to hide a part")),
        ),
      )
      easel.canvas = canvas
      if (bytes) paintBase(bytes)
      else if (ctx.store.thumbnails) paintBase(itemAt(ctx.store.thumbnails, current()))
      else
        ctx.store.readThumbnails().then(() => {
          if (ctx.store.thumbnails && easel.canvas === canvas)
            paintBase(itemAt(ctx.store.thumbnails, current()))
        })
      let isOn = false
      const stroke = (event) => {
        const box = canvas.getBoundingClientRect()
        brush(((event.clientX - box.left) / box.width) * w, ((event.clientY - box.top) / box.height) * h)
      }
      canvas.addEventListener("pointerdown", (event) => {
        isOn = true
        canvas.setPointerCapture(event.pointerId)
        stroke(event)
      })
      canvas.addEventListener("pointermove", (event) => {
        if (isOn) stroke(event)
      })
      for (const end of ["pointerup", "pointercancel"])
        canvas.addEventListener(end, () => {
          isOn = false
        })
    }

    function paintBase(bytes) {
      const { shape } = view.statics,
        [h, w, channels = 1] = shape
      const image = new ImageData(w, h)
      for (let i = 0; i < w * h; i++) {
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes[i * channels + (channels === 3 ? c : 0)]
        image.data[4 * i + 3] = 255
        if (mask?.[i]) image.data.set([213, 94, 0, 255], 4 * i)
      }
      easel.canvas.getContext("2d").putImageData(image, 0, 0)
      easel.base = bytes
    }

    function brush(x, y) {
      const [h, w] = view.statics.shape,
        isOwn = source.value === "own",
        radius = Math.max(BRUSH, (BRUSH * Math.max(h, w)) / 28)
      if (!isOwn) mask ??= new Uint8Array(h * w)
      for (
        let row = Math.max(0, Math.floor(y - radius));
        row <= Math.min(h - 1, Math.ceil(y + radius));
        row++
      ) {
        for (
          let column = Math.max(0, Math.floor(x - radius));
          column <= Math.min(w - 1, Math.ceil(x + radius));
          column++
        ) {
          const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y)
          if (distance > radius) continue
          const at = row * w + column
          // A soft pen looks like the digits that the network knows.
          if (isOwn) own[at] = Math.max(own[at], Math.round(255 * Math.min(1, 1.6 - distance / radius)))
          else mask[at] = 1
        }
      }
      version++
      if (easel.base) paintBase(easel.base)
      ask()
    }

    function ask() {
      setText(amountText, fixed(Number(amount.value), 2))
      const isOwn = source.value === "own"
      const body = {
        noise: noise.value,
        amount: Number(amount.value),
        seed,
        mask: mask ? toBase64(mask) : null,
      }
      if (isOwn) body.image = toBase64(own)
      else body.sample = current()
      part.want(
        [epochKey(view), isOwn ? "own" : current(), noise.value, amount.value, seed, version].join("|"),
        () => ctx.tool("repair", body),
      )
    }

    function draw({ arrays, about }, target) {
      const { statics } = view,
        isImage = statics.shape.length > 1
      const two = [
        [tr("What the network sees"), arrays.corrupted.data],
        [tr("Restored"), arrays.restored.data],
      ]
      // An image stands already where it is painted on.
      const pictures = isImage
        ? two.map(([label, bytes]) => drawItem(statics, bytes, { size: SIZE, label }))
        : [
            drawMany(
              statics,
              [[tr("Input"), arrays.input.data], ...two].map(([label, bytes]) => ({ label, bytes })),
            ),
          ]
      if (isImage) {
        const [h, w, channels = 1] = statics.shape,
          errors = new Float32Array(h * w)
        arrays.error.data.forEach((value, i) => {
          errors[Math.floor(i / channels)] += Math.sqrt(value) / channels
        })
        const bar = Array.from({ length: 20 }, (_, i) => `rgb(${heat(i / 19).join(",")})`).join(",")
        pictures.push(
          el(
            "figure",
            { class: "lab-item" },
            drawCells(errors, w, h, SIZE),
            el(
              "figcaption",
              {},
              tr("Error"),
              " ",
              el("span", { class: "lab-scale", style: `background:linear-gradient(90deg,${bar})` }),
              " ",
              tr("0 to 1"),
            ),
          ),
        )
      }
      const before = about.mse_corrupted,
        after = about.mse_restored
      const said = { before: fixed(before, 4), after: fixed(after, 4) }
      const text =
        before < 1e-6
          ? tr("Nothing was damaged; the network reconstructs it with an error of {after}.", said)
          : after < before
            ? tr("The network reduced the error from {before} to {after}.", said)
            : tr(
                "The output is farther from the original than the damaged input was: {before} before, {after} after.",
                said,
              )
      target.replaceChildren(
        el("div", { class: "lab-strip" }, ...pictures),
        el("p", { "data-testid": "repair-words" }, text, about.note ? ` ${about.note}` : ""),
      )
    }

    function update(next) {
      const isFirst = !view,
        was = view && current()
      view = next
      const isTrained = ["denoising", "masked"].includes(next.state.objective)
      setText(
        note,
        isTrained
          ? ""
          : tr(
              "This run was trained on clean inputs, so it has not learned to remove damage. A run with the preset Denoising has.",
            ),
      )
      note.hidden = isTrained
      if (isFirst || was !== current() || shownFor !== ctx.selection.first) {
        shownFor = ctx.selection.first
        mask = isFirst ? mask : null
        layout()
      }
      ask()
    }
    let shownFor = null
    return { update, resize() {}, destroy() {} }
  },
}
