// Boxes of pictures: which count from a confidence on, and which of them are right.

import assert from "node:assert/strict"
import { test } from "node:test"

import { boxesOf, countRight, overlap, sumOf, trueBoxes } from "../../assets/web/stage/boxes.js"
import { describePart, readPart } from "../../assets/web/stage/panels/boxes.js"

const array = (shape, values, type = Float32Array) => ({ shape, data: type.from(values) })

const frame = {
  epoch: 3,
  found_corners: array([2, 2, 4], [0, 0, 10, 10, 20, 20, 30, 30, 0, 0, 4, 4, 0, 0, 0, 0]),
  found_scores: array([2, 2], [0.9, 0.4, 0.2, 0]),
  found_labels: array([2, 2], [1, 0, 1, -1], Int32Array),
  words: {},
}
const statics = {
  scenes: array([2, 3], [0, 1, 2, 3, 4, 5], Uint8Array),
  scenario: {
    unsure: 0.1,
    boxes: [
      [
        [1, 0, 0, 10, 10],
        [0, 20, 20, 30, 31],
      ],
      [[0, 0, 0, 4, 4]],
    ],
  },
}

test("overlap is the shared area by both together", () => {
  assert.equal(overlap([0, 0, 10, 10], [0, 0, 10, 10]), 1)
  assert.equal(overlap([0, 0, 10, 10], [0, 0, 10, 5]), 0.5)
  assert.equal(overlap([0, 0, 10, 10], [10, 0, 20, 10]), 0)
  assert.equal(overlap([0, 0, 0, 0], [0, 0, 0, 0]), 0)
})

test("places without a box are left out", () => {
  assert.deepEqual(
    boxesOf(frame, "found", 0).map((box) => [box.label, box.corners]),
    [
      [1, [0, 0, 10, 10]],
      [0, [20, 20, 30, 30]],
    ],
  )
  assert.equal(boxesOf(frame, "found", 1).length, 1)
})

test("a true box is found once, and only by its class", () => {
  const truth = trueBoxes([[1, 0, 0, 10, 10]])
  const box = { label: 1, score: 1, corners: [0, 0, 10, 9] }
  assert.deepEqual(countRight([box, box], truth), { boxes: 2, right: 1, objects: 1 })
  assert.deepEqual(countRight([{ ...box, label: 0 }], truth), { boxes: 1, right: 0, objects: 1 })
  assert.deepEqual(sumOf([]), { boxes: 0, right: 0, objects: 0 })
})

test("the handle decides at once which boxes count", () => {
  const view = { frame, statics }
  const all = readPart(view, "detections", 0.1),
    few = readPart(view, "detections", 0.5)
  assert.deepEqual(
    all.map((one) => one.boxes.length),
    [2, 1],
  )
  assert.deepEqual(
    few.map((one) => [one.boxes.length, one.unsure.length]),
    [
      [1, 1],
      [0, 1],
    ],
  )
  assert.equal(describePart(all, 0.1), "From 10% on: 3 boxes, 2 of them right; 2 of 3 objects are found.")
  assert.equal(describePart(few, 0.5), "From 50% on: 1 boxes, 1 of them right; 1 of 3 objects are found.")
})

test("without the hidden boxes only their number is told", () => {
  const words = { true_boxes: statics.scenario.boxes }
  const pool = Object.fromEntries(
    Object.entries(frame).map(([name, value]) => [name.replace("found", "pool"), value]),
  )
  const view = { frame: { ...pool, words: {} }, statics: { ...statics, pool_scenes: statics.scenes } }
  const hidden = readPart(view, "pseudo_boxes", 0.3)
  assert.equal(describePart(hidden, 0.3), "From 30% on: 2 boxes, on 1 of the 2 pictures shown.")
  assert.equal(hidden[0].truth, null)
  const shown = readPart({ ...view, frame: { ...pool, words } }, "pseudo_boxes", 0.3)
  assert.equal(describePart(shown, 0.3), "From 30% on: 2 boxes, 2 of them right; 2 of 3 objects are found.")
  assert.equal(readPart({ frame: {}, statics }, "pseudo_boxes", 0.3), null)
})
