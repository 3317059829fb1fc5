// Panels of a generator: names of images, stages of a way, distances to training images, and what is said of them.

import assert from "node:assert/strict"
import { test } from "node:test"
import { el } from "../../assets/web/lib/dom.js"
import { distancesAt, judgeDistance } from "../../assets/web/stage/distances.js"
import copies, { medianOf, sharesOf } from "../../assets/web/stage/panels/copies.js"
import { distancesOf, metricsOf, titleOf, tracesOf } from "../../assets/web/stage/panels/curves.js"
import drawn, { chosenOf, nameOf } from "../../assets/web/stage/panels/drawn.js"
import frechet from "../../assets/web/stage/panels/frechet.js"
import way, { stageOf } from "../../assets/web/stage/panels/way.js"
import { Selection } from "../../assets/web/stage/selection.js"
import { SETS } from "../../assets/web/stage/sets.js"
import { openPage } from "./page.js"

const statics = { shape: [1, 2], classes: ["bag", "boot"], tile_labels: { data: [0, 1, -1] } }
const bytes = (shape) => ({
  shape,
  data: Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i),
})

/** Three images of two pixels, of which two have their way kept, in three stages. */
const frame = () => ({
  epoch: 4,
  samples: bytes([3, 2]),
  nearest: bytes([3, 2]),
  nearest_rows: { data: [7, 8, 9] },
  nearest_distance: { data: [0.02, 0.2, 0.1] },
  ways: bytes([3, 2, 2]),
  words: { usual_distance: 0.1 },
})

/** Canvases that keep what is put into them. */
function openCanvases() {
  openPage()
  globalThis.ImageData = class {
    constructor(w, h) {
      this.data = new Uint8ClampedArray(4 * w * h)
    }
  }
  const make = globalThis.document.createElement
  globalThis.document.createElement = (tag) => {
    const node = make.call(globalThis.document, tag)
    if (tag === "canvas")
      node.getContext = () => ({
        putImageData: (image) => {
          node.shown = image.data[0]
        },
      })
    return node
  }
}

const rootOf = () => ({ head: el("div"), body: el("div") })
const find = (node, tag, found = []) => {
  if (node.tagName === tag) found.push(node)
  for (const child of node.children ?? []) find(child, tag, found)
  return found
}

test("a generator shows its five panels", () => {
  assert.deepEqual(
    SETS.generate.map((panel) => panel.id),
    ["drawn", "way", "copies", "loss", "frechet"],
  )
})

test("an image is called by its number and class, and only those with a way can be chosen", () => {
  assert.equal(nameOf(statics, 1), "Image 2, boot")
  assert.equal(nameOf(statics, 2), "Image 3")
  const ctx = { selection: new Selection(() => {}) }
  assert.equal(chosenOf(ctx, frame()), 0)
  ctx.selection.set(2)
  assert.equal(chosenOf(ctx, frame()), 1)
})

test("a click on an image chooses it, and a second one does not let it go", () => {
  openCanvases()
  const ctx = { selection: new Selection(() => {}) },
    root = rootOf()
  const panel = drawn.create(root, ctx)
  const view = { statics, frame: frame(), row: { val_frechet: 2.5 } }
  panel.update(view)
  const buttons = find(root.body, "BUTTON")
  assert.deepEqual(
    buttons.map((button) => button.disabled),
    [false, false, true],
  )
  buttons[1].click()
  buttons[1].click()
  panel.update(view)
  assert.deepEqual(
    buttons.map((button) => button.getAttribute("aria-pressed")),
    ["false", "true", "false"],
  )
  assert.deepEqual(
    find(root.body, "CANVAS").map((canvas) => canvas.shown),
    [0, 2, 4],
  )
  assert.match(panel.summary(view), /epoch 4 3 images .* distance is 2.50/)
  assert.match(panel.summary({ statics, frame: null }), /Nothing/)
})

test("the way ends with the image, is played from the noise, and stops when the panel goes", (t) => {
  openCanvases()
  t.mock.timers.enable({ apis: ["setInterval"] })
  const ctx = { selection: new Selection(() => {}) },
    root = rootOf()
  const panel = way.create(root, ctx)
  const view = { statics, frame: frame() }
  panel.update(view)
  const [large] = find(root.body, "CANVAS")
  assert.equal(large.shown, 0, "the finished image")
  assert.deepEqual([...stageOf(view.frame.ways, 1, 1)], [6, 7])
  find(root.head, "BUTTON")[0].click()
  assert.match(large.getAttribute("aria-label"), /Image 1, bag: stage 1 of 3/)
  t.mock.timers.tick(220)
  assert.equal(large.shown, 4, "the second stage of the first image")
  t.mock.timers.tick(2200)
  assert.match(large.getAttribute("aria-label"), /stage 3 of 3/)
  find(root.body, "BUTTON")[1].click()
  assert.match(large.getAttribute("aria-label"), /stage 2 of 3/)
  panel.destroy()
  assert.match(panel.summary(view), /Image 1, bag comes out of noise in 3 stages/)
})

test("distances to training images are told as multiples of real new ones", () => {
  openCanvases()
  const found = sharesOf(frame())
  assert.deepEqual(
    found.map((share) => share.toFixed(1)),
    ["0.2", "2.0", "1.0"],
  )
  assert.equal(medianOf([3, 1, 2]), 2)
  assert.equal(medianOf([4, 1, 2, 3]), 2.5)
  const root = rootOf()
  const panel = copies.create(root)
  panel.update({ statics, frame: frame() })
  const items = () => find(root.body, "LI")
  assert.deepEqual(
    items().map((item) => item.classList.contains("is-copy")),
    [true, false, false],
  )
  find(root.head, "BUTTON")[0].click()
  assert.deepEqual(
    items().map((item) => item.getAttribute("title")),
    ["Image 1, bag", "Image 3", "Image 2, boot"],
  )
  assert.match(panel.summary({ frame: frame() }), /1.00 times as far .* the nearest one 0.20 times/)
})

test("the curve of the distance has real images and autoencoders beside it", () => {
  const baseline = { floor_frechet: 0.3, vae_frechet: 4, vq_frechet: null }
  const view = {
    epochRows: [0, 1].map((epoch) => ({ epoch, val_frechet: 9 - epoch, val_loss: 1 })),
    earlyRows: [],
    rows: [],
    state: { epochs: 2, baseline },
    theme: { muted: "#888" },
  }
  assert.deepEqual(metricsOf(view.epochRows[0]), ["frechet"])
  assert.match(titleOf("frechet"), /Fréchet/)
  assert.deepEqual(
    tracesOf(view, "frechet").map((trace) => [trace.name, trace.y]),
    [
      ["validation", [9, 8]],
      ["real training images", [0.3, 0.3]],
      ["VAE", [4, 4]],
    ],
  )
  assert.equal(distancesOf(undefined).length, 3)
  assert.equal(frechet.isFor({ state: { baseline: { floor_frechet: null } } }), false)
  assert.equal(frechet.isFor({ state: {} }), true)
})

test("a generator is judged by a VAE, on test rows at its end", () => {
  assert.deepEqual(judgeDistance(1, 2), ["nearer to real images than a VAE", "good"])
  assert.equal(judgeDistance(3, 2)[1], "even")
  assert.deepEqual(judgeDistance(3, undefined), ["", ""])
  const state = {
    baseline: { floor_frechet: 1, vae_frechet: 2, vq_frechet: 3 },
    metrics: { frechet: 9, real_frechet: 4, test_vae_frechet: 5 },
  }
  assert.deepEqual(distancesAt(state, false), [1, 2, 3])
  assert.deepEqual(distancesAt(state, true), [4, 5, undefined])
})
