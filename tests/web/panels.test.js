// What panels compute from a frame and the rows of metrics: curves, histograms, flows, tokens, legends, playback.

import assert from "node:assert/strict"
import { test } from "node:test"
import { largest } from "../../assets/web/lib/shortlist.js"
import { hows, modes } from "../../assets/web/space/choices.js"
import { entriesOf, short } from "../../assets/web/space/legend.js"
import { oneAtATime } from "../../assets/web/space/replay.js"
import { describeChoice, mostConfused, sumsOf } from "../../assets/web/stage/panels/confused.js"
import { layoutOf, metricsOf, titleOf, tracesOf } from "../../assets/web/stage/panels/curves.js"
import { describeRow } from "../../assets/web/stage/panels/errors_words.js"
import { condense, groupsOf, rowsOf, totals, totalsOf } from "../../assets/web/stage/panels/flow_counts.js"
import { visible } from "../../assets/web/stage/panels/glyphs.js"
import { cumulate, nearest, partsOf } from "../../assets/web/stage/panels/histogram.js"
import { countsOf, rowsOf as labelRows } from "../../assets/web/stage/panels/labels.js"
import { decodesAt } from "../../assets/web/stage/panels/map.js"
import { describeGap } from "../../assets/web/stage/panels/rounds.js"

const theme = { text: "#111", muted: "#888", border: "#ddd", panel: "#eee", background: "#fff", font: "sans" }

/** What the loss panel is given of three epochs, the middle one without a measurement of its accuracy. */
function view(more = {}) {
  const epochRows = [0, 1, 2].map((epoch) => ({
    kind: "epoch",
    step: 10 * epoch,
    epoch,
    seconds: epoch,
    train_loss: epoch ? 1 / epoch : null,
    val_loss: 2 - epoch / 2,
    train_kl: 3,
    val_kl: 4,
    val_mse: 0.1,
    knn_accuracy: epoch === 1 ? null : 0.5,
  }))
  const rows = [
    ...epochRows,
    { kind: "step", step: 5, epoch: 0.5, train_loss: 3 },
    { kind: "change", name: "learning_rate", epoch: 1.5, value: 0.01 },
  ]
  const state = { epochs: 5, best: { epoch: 2, val_loss: 1 }, baseline: { pca_mse: 0.2, pca_components: 16 } }
  return { epochRows, rows, earlyRows: [], state, theme, ...more }
}

test("a term of training and validation is one metric; times and counts are none", () => {
  assert.deepEqual(metricsOf(view().epochRows[2]), ["kl", "val_mse", "knn_accuracy"])
  assert.equal(titleOf("kl"), "KL divergence from the prior")
  assert.equal(titleOf("my_own_term"), "my own term")
})

test("the loss has its curves, the steps within epochs, and a star at the best epoch", () => {
  const traces = tracesOf(view(), "loss")
  const named = Object.fromEntries(traces.map((trace) => [trace.name, trace]))
  assert.deepEqual(named.training.x, [1, 2], "epoch 0 has no training loss")
  assert.deepEqual(named.validation.y, [2, 1.5, 1])
  assert.deepEqual(named["training, within the epoch"].x, [0.5])
  assert.deepEqual([named.best.x, named.best.y], [[2], [1]])
  assert.equal(named["counting pairs of tokens (bigram)"], undefined)
  const language = view({ state: { epochs: 5, best: null, baseline: { bigram_loss: 2.5 } } })
  const pairs = tracesOf(language, "loss").at(-1)
  assert.deepEqual([pairs.name, pairs.x, pairs.y], ["counting pairs of tokens (bigram)", [0, 5], [2.5, 2.5]])
})

test("a metric has a curve a side, leaves out what was not measured, and its baseline", () => {
  const names = (metric) => tracesOf(view(), metric).map((trace) => trace.name)
  assert.deepEqual(names("kl"), ["training", "validation"])
  assert.deepEqual(names("val_mse"), ["Error on validation samples (MSE)", "PCA with 16 values"])
  assert.deepEqual(tracesOf(view(), "knn_accuracy")[0].x, [0, 2])
  const early = view({ earlyRows: [{ epoch: 0.1, step: 1, val_loss: 9, train_loss: 9 }] })
  assert.deepEqual(tracesOf(early, "loss")[2].x, [0, 0.1, 1, 2], "looks within an epoch have their place")
})

test("shares are drawn in percent, changes of the learning rate as lines with their value", () => {
  const shown = { metric: "knn_accuracy", isLog: false, cursor: 2, times: 0 }
  const layout = layoutOf(view(), shown)
  assert.equal(layout.yaxis.tickformat, "~%")
  assert.equal(layout.yaxis.type, "linear")
  assert.deepEqual(layout.xaxis.range, [0, 5])
  assert.deepEqual(
    layout.shapes.map((line) => line.x0),
    [2, 1.5],
  )
  assert.equal(layout.annotations[0].text, "LR 0.01")
  const log = layoutOf(view(), { ...shown, metric: "loss", isLog: true })
  assert.equal(log.yaxis.type, "log")
  assert.equal(log.yaxis.tickformat, undefined)
  assert.notEqual(log.uirevision, layout.uirevision)
  assert.notEqual(layoutOf(view(), { ...shown, times: 1 }).uirevision, layout.uirevision, "shown whole again")
})

/** (2, 100, 3): of class 0 two right and one wrong at .99 and one unknown at .5, of class 1 one right at 0. */
function histogram() {
  const data = new Int32Array(2 * 100 * 3)
  data[99 * 3] = 2
  data[99 * 3 + 1] = 1
  data[50 * 3 + 2] = 1
  data[300] = 1
  return { shape: [2, 100, 3], data }
}

test("what a threshold keeps is counted from above", () => {
  const { total, right, wrong, byClass } = cumulate(histogram())
  assert.deepEqual([total[0], total[1], total[51], total[99], total[100]], [5, 4, 3, 3, 0])
  assert.deepEqual([right[0], right[99], wrong[99]], [3, 2, 1])
  assert.deepEqual([byClass[0][50], byClass[1][0], byClass[1][1]], [4, 1, 0])
  assert.equal(nearest(total, 3), 51)
  assert.equal(nearest(total, 0), 100)
  assert.equal(nearest(total, 1e9), 0)
})

test("bars are split by class, or into right, wrong and unknown", () => {
  const heights = (split, bin) =>
    partsOf(histogram(), split, { primary: "p", muted: "m" }).map((p) => p.of(bin))
  assert.deepEqual(heights("all", 99), [3])
  assert.deepEqual(heights("class", 0), [0, 1])
  assert.deepEqual(heights("right", 99), [2, 1, 0])
  assert.deepEqual(heights("right", 50), [0, 0, 1])
})

test("a round's changes add up to the unlabeled rows", () => {
  const flow = { shape: [3, 3], data: [5, 2, 1, 3, 7, 4, 0, 6, 8] }
  const found = totals(flow)
  assert.deepEqual(found, { idle: 5, fresh: 3, stayed: 15, changed: 10, dropped: 3 })
  assert.equal(
    Object.values(found).reduce((a, b) => a + b),
    flow.data.reduce((a, b) => a + b),
  )
})

test("of many classes the largest are drawn, the others as one, and no row is lost", () => {
  const width = 31
  const data = Array.from({ length: width * width }, (_, i) => (i * 7) % 5)
  const each = (count) => Array.from({ length: count }, (_, label) => ({ label }))
  const { nodes, flow } = condense({ shape: [width, width], data }, each(30))
  assert.equal(nodes.length, 13)
  assert.equal(nodes.at(-2).others, 19)
  const sum = (numbers) => numbers.reduce((a, b) => a + b)
  assert.equal(sum(flow.map(sum)), sum(data))
  assert.equal(condense({ shape: [3, 3], data: new Array(9).fill(1) }, each(2)).nodes.length, 3)
})

test("of a thousand classes those that change most are shown, and the table still adds up", () => {
  // Not kept, classes 7 and 3, and 998 others; of the others' 20 rows 15 stayed in their class.
  const flow = { shape: [4, 4], data: [90, 1, 0, 2, 3, 10, 4, 5, 0, 6, 11, 7, 1, 0, 2, 20] }
  const frame = { flow, flow_classes: { data: [7, 3] }, flow_totals: { data: [90, 3, 36, 29, 4] } }
  const all = totalsOf(frame)
  assert.deepEqual(all, { idle: 90, fresh: 3, stayed: 36, changed: 29, dropped: 4 })
  assert.equal(
    Object.values(all).reduce((a, b) => a + b),
    flow.data.reduce((a, b) => a + b),
  )
  const groups = groupsOf(frame, 1000)
  assert.deepEqual(groups, [{ label: 7 }, { label: 3 }, { label: -2, others: 998 }])
  const { nodes } = condense(flow, groups, 20)
  assert.deepEqual(nodes, [{ label: 7 }, { label: 3 }, { label: -2, others: 998 }, { label: -1 }])
  const fewer = condense(flow, groups, 1)
  assert.deepEqual(fewer.nodes, [{ label: -2, others: 1000 }, { label: -1 }])
  assert.equal(fewer.flow[1][1], 90)
  assert.deepEqual(rowsOf(frame, groups), [
    [22, 1, 10, 6, 9, 3, 17],
    [24, 0, 11, 6, 13, 0, 17],
    [23, 2, 15, 17, 7, 1, 34],
  ])
})

test("of a thousand classes the largest have a row, and the others one together", () => {
  const counts = Array.from({ length: 1000 }, (_, i) => (i % 25 === 0 ? 100 : 1))
  const given = counts.map((_, i) => (i === 999 ? 5 : 0))
  const shown = labelRows([counts, counts], given)
  assert.equal(shown.length, 40)
  assert.deepEqual(shown.slice(0, 3), [0, 25, 50])
  const values = countsOf(counts, shown)
  assert.deepEqual([values.length, values[0], values.at(-1)], [41, 100, 960])
  assert.equal(labelRows([given.fill(0)], [...given.keys()])[0], 960)
  assert.deepEqual(labelRows([[1, 2]], [0, 0]), [0, 1])
  assert.deepEqual(countsOf([1, 2], [0, 1]), [1, 2])
})

test("student and twin are compared in words", () => {
  const row = { epoch: 3, accuracy: 0.9, twin_accuracy: 0.85, ceiling_accuracy: 0.95 }
  assert.match(describeGap(row), /student 90.0%, twin 85.0%, ceiling 95.0%.*5\.0 points above its twin/)
  assert.match(describeGap({ ...row, twin_accuracy: 0.9 }), /equally good/)
  assert.match(describeGap({ ...row, epoch: 0 }), /not started/)
  assert.match(describeGap({ ...row, careless_accuracy: 0.4 }), /Without safeguards: 40.0%/)
  assert.match(describeGap({}), /No round/)
})

test("spaces and ends of lines are seen", () => {
  assert.equal(visible(" a\n\tb"), "␣a⏎⇥b")
  assert.equal(visible(""), "∅")
})

test("a legend names the classes that have points, and the unknown last", () => {
  const legend = { names: ["a", "b", "c"], counts: [2, 0, 5], unknown: 4 }
  assert.deepEqual(entriesOf(legend), [
    [0, "a", 2],
    [2, "c", 5],
    [255, "unknown", 4],
  ])
  assert.equal(short(0.123456), "0.123")
  assert.equal(short(1234567), "1230000")
})

test("of many classes the largest are listed, those that are looked for, and those that are in use", () => {
  const entries = Array.from({ length: 1000 }, (_, i) => ({ text: `Class ${i}`, size: i < 5 ? 9 : i % 7 }))
  const texts = (found) => found.shown.map(({ text }) => text)
  const all = largest(entries)
  assert.equal(all.shown.length, 20)
  assert.equal(all.others, 980)
  assert.deepEqual(texts(all).slice(0, 6), ["Class 0", "Class 1", "Class 2", "Class 3", "Class 4", "Class 6"])
  assert.deepEqual(texts(largest(entries, " class 99")), [
    "Class 99",
    ...Array.from({ length: 10 }, (_, i) => `Class ${990 + i}`),
  ])
  const kept = largest(entries, "nothing", ({ text }) => text === "Class 500")
  assert.deepEqual([texts(kept), kept.others], [["Class 500"], 0])
})

test("playback shows one epoch at a time, and then the newest that was asked for", async () => {
  const shown = []
  let release
  const go = oneAtATime((index) => {
    shown.push(index)
    return index === 0
      ? new Promise((done) => {
          release = done
        })
      : Promise.resolve()
  })
  const first = go(0)
  go(1)
  go(2)
  release()
  await first
  assert.deepEqual(shown, [0, 2])
  await go(3)
  assert.deepEqual(shown, [0, 2, 3])
})

test("the first choices are the ones that a map begins with", () => {
  assert.deepEqual([modes()[0][0], hows()[0][0]], ["pan", "replace"])
})

test("a row whose class nobody knows says so, and hidden classes say nothing", () => {
  const one = (...data) => ({ data })
  const frame = { unsure_rows: one(7, 9), unsure_label: one(0, 1), unsure_confidence: one(0.5, 0.6) }
  const statics = { classes: ["cat", "dog"] }
  assert.equal(describeRow({ frame, statics }, "unsure", 0), "row 7: cat with 50%")
  const known = { ...frame, unsure_truth: one(-1, 0) }
  assert.equal(describeRow({ frame: known, statics }, "unsure", 0), "row 7: cat with 50%, class unknown")
  assert.equal(describeRow({ frame: known, statics }, "unsure", 1), "row 9: dog with 60%, truly cat")
})

test("of a thousand classes those that are confused most are told, with exact counts, and the others are found", () => {
  // Truth down: a is taken for b twice and for d twice, b once for a, d never occurs.
  const confusion = { shape: [4, 4], data: Int32Array.of(5, 2, 0, 2, 1, 7, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0) }
  const sums = {
    shape: [5, 4],
    data: Int32Array.of(5, 7, 4, 0, 9, 8, 4, 0, 6, 9, 4, 2, 1, 0, -1, -1, 2, 1, 0, 0),
  }
  const rows = sumsOf({ confusion }, "confusion")
  assert.deepEqual(rows[0], { right: 5, own: 9, other: 6, worst: 1, worstCount: 2 })
  assert.deepEqual(
    sumsOf({ confusion_sums: sums }, "confusion"),
    rows,
    "as selfsup_core/evaluate/classification.py",
  )
  const named = sumsOf({ kept: confusion }, "kept", true)
  assert.deepEqual(named[0], { right: 5, own: 6, other: 9, worst: 1, worstCount: 1 })
  assert.equal(sumsOf({}, "confusion"), null)

  const names = ["a", "b", "c", "d"]
  assert.deepEqual(mostConfused(rows, names), { shown: [0, 1, 3], others: 0 })
  assert.deepEqual(mostConfused(rows, names, "c").shown, [2], "also one that is not confused")
  const many = Array.from({ length: 1000 }, (_, i) => ({ ...rows[2], own: 4 + (i % 250) }))
  const all = many.map((_, i) => `Class ${i}`)
  const most = mostConfused(many, all)
  assert.deepEqual(
    [most.shown.length, most.shown.slice(0, 5), most.others],
    [20, [249, 499, 749, 999, 248], 976],
  )
  assert.equal(describeChoice(most, all), "The 20 of 1,000 classes that are most often confused.")
  assert.match(describeChoice(mostConfused(many, all, "99"), all, "99"), /those whose names hold “99”/)
  assert.equal(describeChoice(mostConfused(many, all, "x"), all, "x"), "No class is called so.")
})

test("a map offers to decode its points only where there are some, with weights", () => {
  const state = { can_decode: true }
  const views = [null, { state }, { state, frame: { step: 30 } }, { state, frame: { step: 0 } }]
  assert.deepEqual(views.map(decodesAt), [false, false, false, true])
  assert.ok(!decodesAt({ state: { can_decode: false }, frame: {} }), "an encoder")
})
