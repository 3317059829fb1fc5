// The switch between PCA and UMAP of the stage's map, over a store that answers as the maps' process does.

import assert from "node:assert/strict"
import { test } from "node:test"
import { createUmap, movementTo } from "../../assets/web/stage/panels/umap.js"
import { openPage } from "./page.js"

const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

test("a layout is asked for once, flows from where the points were, and stays until the next is made", async () => {
  openPage()
  const asked = []
  const points = new Float32Array([0, 0, 10, 0, 0, 10, 10, 10])
  const store = {
    tool: async (name, { epoch }) => {
      asked.push(`${name} ${epoch}`)
      return epoch === 1
        ? { arrays: { map: { data: points } }, about: { made: 2, total: 3, reason: "" } }
        : { arrays: {}, about: { made: 2, total: 3, reason: "" } }
    },
  }
  let changes = 0
  const umap = createUmap({ store }, () => changes++)
  assert.equal(umap.isOn, false)
  umap.button.click()
  assert.equal(umap.isOn, true)
  assert.equal(umap.button.getAttribute("aria-pressed"), "true")
  const limits = [-1, -1, 1, 1]
  assert.equal(umap.placesOf({ epoch: 1 }, limits), null)
  assert.equal(umap.placesOf({ epoch: 1 }, limits), null)
  await settled()
  assert.deepEqual(asked, ["umap 1"])
  assert.equal(changes, 2, "pressed, and made")
  const places = umap.placesOf({ epoch: 1 }, limits)
  assert.ok(
    places.every((value) => Math.abs(value) <= 1),
    `${places}`,
  )
  assert.equal(umap.placesOf({ epoch: 2 }, limits), null)
  await settled()
  assert.match(umap.said.textContent, /2 of 3 epochs/)
  assert.equal(umap.placesOf({ epoch: 0, step: 30 }, limits), null)
  assert.match(umap.said.textContent, /first whole epoch/)
  umap.button.click()
  assert.equal(umap.said.textContent, "")
  umap.destroy()
})

test("why an epoch has no layout is said, and so is what the server says against it", async () => {
  openPage()
  const answers = [
    { arrays: {}, about: { made: 1, total: 1, reason: "Vector 3 is NaN." } },
    { error: "No answer." },
  ]
  const umap = createUmap({ store: { tool: async () => answers.shift() } }, () => {})
  umap.button.click()
  umap.placesOf({ epoch: 0 }, null)
  await settled()
  assert.equal(umap.placesOf({ epoch: 0 }, null), null)
  assert.match(umap.said.textContent, /NaN/)
  umap.placesOf({ epoch: 1 }, null)
  await settled()
  assert.match(umap.said.textContent, /No answer/)
})

test("one box is brought into the middle of another without being stretched", () => {
  const { scale, shift } = movementTo([0, 0, 2, 1], [10, 10, 14, 18])
  assert.equal(scale, 0.25)
  assert.deepEqual(shift, [1 - 0.25 * 12, 0.5 - 0.25 * 14])
  assert.deepEqual(movementTo(null, [0, 0, 1, 1]), { scale: 1, shift: [0, 0] })
})
