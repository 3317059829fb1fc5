// Several runs as one store, maps turned towards each other, curves of several runs, best values and spreads.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { hasSamePoints, turnTowards } from "../../assets/web/compare/align.js"
import { Band, unionOf } from "../../assets/web/compare/band.js"
import { statusOf } from "../../assets/web/compare/chips.js"
import { sidesWithOutputs } from "../../assets/web/compare/outputs.js"
import {
  isInRounds,
  layoutOfRuns,
  marksOfRuns,
  nameOf,
  rowAt,
  sharedMetrics,
  smooth,
  tracesOfRuns,
  valueIn,
} from "../../assets/web/compare/series.js"
import { bestPlaces, labelCounts, saySpread } from "../../assets/web/compare/tables.js"
import { arrange, createWipe } from "../../assets/web/compare/wipe.js"
import { placesOf } from "../../assets/web/stage/panels/marks.js"
import { openPage } from "./page.js"

const CASES = JSON.parse(readFileSync(new URL("./align.json", import.meta.url), "utf8"))
const mapOf = (points) => ({
  shape: [points.length, points[0].length],
  data: Float32Array.from(points.flat()),
})

test("a map is turned as the core turns it", () => {
  assert.ok(CASES.length > 2)
  for (const { points, towards, aligned } of CASES) {
    const found = turnTowards(mapOf(points), mapOf(towards))
    assert.equal(found.shape[1], 2)
    aligned.flat().forEach((value, i) => assert.ok(Math.abs(value - found.data[i]) < 1e-4, `${i}: ${value}`))
  }
})

test("a map stays as it is where there is nothing to turn it towards", () => {
  const map = mapOf([
    [0, 1],
    [2, 3],
  ])
  assert.equal(turnTowards(map, null), map)
  assert.equal(turnTowards(map, map), map)
  assert.equal(turnTowards(map, mapOf([[0, 1]])), map)
  assert.equal(
    turnTowards(
      mapOf([
        [1, 1],
        [1, 1],
      ]),
      map,
    ).data[0],
    1,
    "all points in one place",
  )
})

test("points are the same only where rows and labels are", () => {
  const rows = (...data) => ({ data: Int32Array.from(data) })
  const one = { kind: "image", rows: rows(1, 2), labels: rows(0, 1) }
  assert.ok(hasSamePoints(one, { ...one }))
  assert.ok(!hasSamePoints(one, { ...one, rows: rows(1, 3) }))
  assert.ok(!hasSamePoints(one, { ...one, kind: "table" }))
  assert.ok(!hasSamePoints(one, null))
  assert.ok(!hasSamePoints({ kind: "text", glyphs: ["a"] }, { kind: "text", glyphs: ["b"] }))
})

/** A store whose frames are there at once, or come when they are asked for. */
function fakeStore(frames, { isKept = true } = {}) {
  const made = new Map(frames.map((epoch) => [epoch, { epoch }]))
  return {
    frames,
    generation: 0,
    isAtWork: false,
    statics: {},
    asked: [],
    peek: (epoch) => (isKept ? made.get(epoch) : null),
    frame(epoch) {
      this.asked.push(epoch)
      return Promise.resolve(made.get(epoch))
    },
    destroy() {
      this.isGone = true
    },
  }
}

function bandOf(stores) {
  const left = [...stores]
  return new Band(
    "/studio",
    stores.map((_, i) => ({ run: String(i), token: "t" })),
    () => null,
    () => left.shift(),
  )
}

test("runs of different lengths move together: each shows its nearest epoch", async () => {
  const stores = [fakeStore([0, 1, 2, 3]), fakeStore([0, 2], { isKept: false }), fakeStore([])]
  const band = bandOf(stores)
  assert.deepEqual(band.frames, [0, 1, 2, 3])
  assert.equal(band.peek(3), null, "one frame is on its way")
  const found = await band.frame(3)
  assert.deepEqual(
    found.frames.map((frame) => frame?.epoch),
    [3, 2, undefined],
  )
  assert.deepEqual(stores[1].asked, [2])
  assert.equal(await band.frame(3), found, "the same object while the frames are the same")
  stores[1].generation = 2
  assert.equal(band.generation, 2)
  band.destroy()
  assert.ok(stores.every((store) => store.isGone))
})

test("what is fetched ahead waits until the cursor rests", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const stores = [fakeStore([0, 1, 2, 3]), fakeStore([0, 2])]
  const band = bandOf(stores)
  band.prefetch(0, 2)
  t.mock.timers.tick(100)
  band.prefetch(1, 2)
  assert.deepEqual(stores[0].asked, [])
  t.mock.timers.tick(200)
  await new Promise(setImmediate)
  assert.deepEqual(stores[0].asked, [2, 0, 3])
  band.prefetch(1, 2)
  band.destroy()
  t.mock.timers.tick(200)
  assert.equal(stores[0].asked.length, 3, "nothing once it is gone")
})

test("epochs of several runs are joined once each", () => {
  assert.deepEqual(unionOf([[0, 10], [0, 5, 10, 15], []]), [0, 5, 10, 15])
})

test("smoothing keeps a constant, begins at the first value, and 0 changes nothing", () => {
  assert.deepEqual(
    smooth([4, 4, 4], 0.9).map((v) => v.toFixed(6)),
    ["4.000000", "4.000000", "4.000000"],
  )
  assert.deepEqual(smooth([1, 2, 3], 0), [1, 2, 3])
  const [first, second] = smooth([1, 2], 0.5)
  assert.equal(first, 1)
  assert.ok(Math.abs(second - 5 / 3) < 1e-12)
})

const side = (number, rows, more = {}) => ({
  number,
  epochRows: rows,
  theme: { background: "#fff" },
  state: { epochs: 3, metrics: {} },
  ...more,
})
const ROWS = [0, 1, 2].map((epoch) => ({
  epoch,
  seconds: 2 * epoch,
  val_loss: 3 - epoch,
  train_loss: 4 - epoch,
}))

test("curves are called as in the table, and runs with pseudo-labels count rounds", () => {
  const measures = [
    { name: "val_bits_per_character", title: "Bits per character" },
    { name: "accuracy", title: "Accuracy on test rows" },
  ]
  assert.equal(nameOf("accuracy", [side(1, ROWS)], measures), "Accuracy on test rows")
  assert.equal(nameOf("bits_per_character", [side(1, ROWS)], measures), "Bits per character")
  const of = (...tasks) => tasks.map((task, i) => ({ ...side(i + 1, ROWS), state: { task, epochs: 2 } }))
  assert.deepEqual([isInRounds(of("pseudo", "pseudo")), isInRounds(of("pseudo", "classify"))], [true, false])
  const shown = { metric: "accuracy", isLog: false, axis: "epoch", cursor: 1, times: 0 }
  const axis = (sides) => layoutOfRuns({ theme: {}, sides }, shown).xaxis.title.text
  assert.deepEqual([axis(of("pseudo")), axis(of("classify"))], ["round", "epoch"])
})

test("curves: over epochs or time, validation before training, a dot at the cursor", () => {
  const shown = { metric: "loss", smoothing: 0, axis: "epoch", cursor: 1 }
  const [line] = tracesOfRuns([side(1, ROWS)], shown)
  assert.deepEqual(
    [line.x, line.y],
    [
      [0, 1, 2],
      [3, 2, 1],
    ],
  )
  const marks = marksOfRuns([side(1, ROWS), side(2, [])], shown)
  assert.equal(marks.line, 1)
  assert.deepEqual(
    marks.dots.map(({ x, y }) => [x, y]),
    [[1, 2]],
  )
  assert.equal(marksOfRuns([side(1, ROWS)], { ...shown, axis: "seconds" }).line, null)
  assert.deepEqual(tracesOfRuns([side(1, ROWS)], { ...shown, axis: "seconds" })[0].x, [0, 2, 4])
  assert.deepEqual(
    tracesOfRuns([side(1, [])], shown).map((trace) => trace.x),
    [[]],
  )
  const two = tracesOfRuns([side(1, ROWS), side(2, ROWS)], shown)
  assert.notEqual(two[0].line.dash, two[1].line.dash, "color is not the only cue")
  assert.equal(valueIn({ train_loss: 1 }, "loss"), 1)
  assert.equal(valueIn(null, "loss"), null)
  const round = { accuracy: 0.9, val_accuracy: 1 }
  assert.equal(valueIn(round, "accuracy"), 0.9, "as in the table, which has it of test rows")
  assert.equal(rowAt(ROWS, 7).epoch, 2)
  assert.equal(rowAt(ROWS, -1), null)
})

test("the loss comes first, then what most runs have", () => {
  const [one, two] = [
    { ...ROWS[2], kl: 1, knn_accuracy: 1 },
    { ...ROWS[2], knn_accuracy: 1 },
  ]
  assert.deepEqual(sharedMetrics([side(1, [one]), side(2, [two])]), ["loss", "knn_accuracy", "kl"])
})

test("the best value is marked only where it is fair and unequal", () => {
  const higher = { better: "higher", unfair: "" }
  assert.deepEqual(bestPlaces([0.1, null, 0.3], higher), [2])
  assert.deepEqual(bestPlaces([0.1, 0.3], { better: "lower", unfair: "" }), [0])
  assert.deepEqual(bestPlaces([0.3, 0.3], higher), [])
  assert.deepEqual(bestPlaces([0.3, 0.3, 0.1], higher), [0, 1])
  assert.deepEqual(bestPlaces([0.1, 0.3], { better: "higher", unfair: "The data differ." }), [])
  assert.deepEqual(bestPlaces([0.1], higher), [])
  assert.deepEqual(bestPlaces([1, 2], { better: "", unfair: "" }), [])
})

test("a spread says mean, deviation of the sample and n", () => {
  assert.equal(saySpread("val_mse", [1, 2, 3]), "2 ± 1 (n = 3)")
  assert.equal(saySpread("knn_accuracy", [0.8, 0.9, null]), "85.0% ± 7.1% (n = 2)")
  assert.equal(saySpread("val_mse", [1, null]), "1 (n = 1)")
  assert.equal(saySpread("val_mse", [null]), "–")
})

test("outputs are shown beside each other only for the same inputs", () => {
  const inputs = (...data) => ({ inputs: { data: Uint8Array.from(data) } })
  const frame = { reconstructions: {} }
  const sides = [
    { number: 1, statics: inputs(1, 2), frame },
    { number: 2, statics: inputs(1, 2), frame },
    { number: 3, statics: inputs(1, 3), frame },
    { number: 4, statics: inputs(1, 2), frame: null },
  ]
  assert.deepEqual(
    sidesWithOutputs(sides).map(({ number }) => number),
    [1, 2],
  )
})

test("labels by class: true and predicted of a classifier, proposed and kept of pseudo-labels", () => {
  const statics = { classes: ["a", "b"] }
  const counts = (data) => ({ data: Int32Array.from(data) })
  assert.deepEqual(labelCounts({ statics, frame: { label_counts: counts([1, 2, 3, 4]) } }), [
    ["true", [1, 2]],
    ["predicted", [3, 4]],
  ])
  assert.deepEqual(labelCounts({ statics, frame: { mix: counts([0, 0, 5, 6, 7, 8, 0, 0]) } }), [
    ["proposed", [5, 6]],
    ["kept", [7, 8]],
  ])
  assert.deepEqual(labelCounts({ statics, frame: {} }), [])
})

test("all samples of a wipe fit into its place", () => {
  for (const [count, width, height] of [
    [32, 600, 300],
    [8, 300, 320],
    [1, 200, 200],
    [256, 600, 300],
  ]) {
    const { columns, rows, tile } = arrange(count, width, height)
    assert.ok(columns * rows >= count)
    assert.ok(columns * (tile + 3) - 3 <= width && rows * (tile + 3) - 3 <= height, `${count}: ${tile}`)
  }
})

test("a run says what has become of it in its own unit", () => {
  assert.equal(statusOf({ status: "running", epoch: 3, epochs: 9, task: "pseudo" }), "running, round 3 of 9")
  assert.equal(statusOf({ status: "finished", epoch: 9, epochs: 9, task: "views" }), "finished, epoch 9 of 9")
})

test("the first two runs are wiped between, also when they come one after the other, until others are chosen", () => {
  openPage()
  const root = { body: document.createElement("div"), foot: document.createElement("div") }
  root.body.clientWidth = 0
  const made = createWipe(root, () => null)
  const sides = [1, 2, 3].map((number) => ({
    number,
    statics: { shape: [1, 1], inputs: { shape: [1, 1], data: [0] } },
    frame: {},
  }))
  const lists = root.foot.all((node) => node.tagName === "SELECT")
  const values = () => lists.map((list) => String(list.value))
  made.draw(sides.slice(0, 1), {}) // nothing is drawn in a place without a width
  assert.deepEqual(values(), ["1", "1"])
  made.draw(sides, {})
  assert.deepEqual(values(), ["1", "2"])
  lists[1].value = "3"
  lists[1].listeners.change()
  made.draw(sides.slice(1), {})
  assert.deepEqual(values(), ["2", "3"])
})

test("marks over a plot are where its axes say, and not outside of them", () => {
  const axis = (offset, length, d2p) => ({ _offset: offset, _length: length, d2p })
  const layout = { xaxis: axis(46, 100, (x) => 10 * x), yaxis: axis(20, 50, (y) => 50 - y) }
  const dot = (x, y) => ({ x, y, color: "red", edge: "white" })
  const found = placesOf(layout, { line: 3, dots: [dot(1, 10), dot(11, 10), dot(1, Number.NaN)] })
  assert.deepEqual(found.line, { left: 76, top: 20, height: 50 })
  assert.deepEqual(
    found.dots.map(({ left, top }) => [left, top]),
    [[56, 60]],
  )
  assert.equal(placesOf(layout, { line: null, dots: [] }).line, null)
  assert.equal(placesOf(layout, { line: 12, dots: [] }).line, null)
})
