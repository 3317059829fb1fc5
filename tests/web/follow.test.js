// UMAP follows PCA by itself, but never under someone who reads the map.

import assert from "node:assert/strict"
import { test } from "node:test"
import { createFollow, FLOW_MS, isInUse } from "../../assets/web/space/follow.js"
import { openPage } from "./page.js"

function follow(isUsed) {
  openPage()
  const started = []
  const made = createFollow({ isUsed: () => isUsed, start: () => started.push("umap") })
  return { ...made, started, stay: made.root.byId("space-stay"), show: made.root.byId("space-follow") }
}

test("what follows is announced and then comes by itself", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const { root, begin, started } = follow(false)
  begin()
  assert.match(root.textContent, /UMAP follows in a moment/)
  t.mock.timers.tick(FLOW_MS)
  assert.deepEqual(started, ["umap"])
  assert.ok(root.hidden)
})

test("while the map is used it waits for a click", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const { begin, started, show, stay } = follow(true)
  begin()
  t.mock.timers.tick(FLOW_MS)
  assert.deepEqual(started, [])
  assert.ok(!show.hidden && stay.hidden)
  show.click()
  assert.deepEqual(started, ["umap"])
})

test("who stays keeps the map, and may still change their mind", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const { begin, started, show, stay } = follow(false)
  begin()
  stay.click()
  t.mock.timers.tick(10 * FLOW_MS)
  assert.deepEqual(started, [])
  show.click()
  assert.deepEqual(started, ["umap"])
})

test("a map is in use under the pointer, with the focus in it, and while points are selected", () => {
  openPage()
  const root = { matches: () => false, contains: () => false }
  assert.ok(!isInUse(root, { size: 0 }))
  assert.ok(isInUse(root, { size: 3 }))
  assert.ok(isInUse({ ...root, matches: (how) => how === ":hover" }, { size: 0 }))
  assert.ok(isInUse({ ...root, contains: () => true }, { size: 0 }))
})
