// Words and rules of the stage: banner, tips, moments, the oracle's veil, the cursor's replay.

import assert from "node:assert/strict"
import { test } from "node:test"
import { bannerOf } from "../../assets/web/stage/banner.js"
import { nameOf } from "../../assets/web/stage/controls.js"
import { Cursor } from "../../assets/web/stage/cursor.js"
import { endText, formatSeconds, sayPca, sayProbe } from "../../assets/web/stage/facts.js"
import { phaseOf } from "../../assets/web/stage/guide.js"
import { heat, itemAt } from "../../assets/web/stage/items.js"
import { compareWithPca } from "../../assets/web/stage/mixed.js"
import { Oracle } from "../../assets/web/stage/oracle.js"
import { mixOf, PROPOSED, poolSize, ramp, whyEmpty } from "../../assets/web/stage/pseudo.js"
import { SETS } from "../../assets/web/stage/sets.js"
import { earlyKey, momentOf } from "../../assets/web/stage/store.js"

const THERE = { refusal: "", isLost: false }

test("the banner says the worst first", () => {
  const state = { status: "running", message: "Fitting PCA.", notices: ["A note."] }
  assert.deepEqual(bannerOf(state, { refusal: "Deleted.", isLost: true }), ["bad", "Deleted."])
  assert.equal(bannerOf(state, { ...THERE, isLost: true })[0], "warn")
  assert.deepEqual(bannerOf(null, THERE), ["info", "Loading the run …"])
  const error = { message: "The loss is infinite.", remedy: "Lower the learning rate." }
  assert.deepEqual(bannerOf({ ...state, error }, THERE), [
    "bad",
    "The loss is infinite. Lower the learning rate.",
  ])
  assert.match(bannerOf({ ...state, is_responding: false }, THERE)[1], /not responding/)
  assert.deepEqual(bannerOf({ ...state, status: "failed", is_responding: false }, THERE), [
    "info",
    "Fitting PCA.",
  ])
  assert.deepEqual(bannerOf({ ...state, status: "paused" }, THERE), ["warn", "Fitting PCA."])
  assert.match(bannerOf({ status: "queued", message: "" }, THERE)[1], /^Queued/)
  assert.deepEqual(bannerOf({ ...state, message: "" }, THERE), ["info", "A note."])
  assert.deepEqual(bannerOf({ status: "finished", message: "" }, THERE), ["", ""])
})

test("each epoch has its tip; the last one of a run that goes on is not its end", () => {
  assert.deepEqual(
    [0, 1, 5, 9, 10].map((epoch) => phaseOf(epoch, 10, false)),
    ["before", "early", "middle", "late", "late"],
  )
  assert.equal(phaseOf(10, 10, true), "end")
  assert.equal(phaseOf(4, 10, true), "middle", "stopped before its end")
})

test("moments and durations in words", () => {
  assert.equal(momentOf({ epoch: 3 }), "epoch 3")
  assert.equal(momentOf({ epoch: 0, step: 30 }, "round"), "round 0, step 30")
  assert.equal(earlyKey(30), "0-30")
  assert.deepEqual([-1, 12.4, 89.6, 600, 9000].map(formatSeconds), ["0 s", "12 s", "90 s", "10 min", "2.5 h"])
  assert.equal(endText({ seconds: 0.3 }), "under 1 s of training")
})

test("better than PCA means by more than the margin", () => {
  const baseline = { pca_mse: 0.1, verdict_margin: 0.02 }
  assert.equal(compareWithPca(0.09, baseline, false)[1], "good")
  assert.equal(compareWithPca(0.101, baseline, true)[1], "even")
  assert.deepEqual(compareWithPca(0.2, baseline, false), ["not yet better than PCA", "even"])
  assert.deepEqual(compareWithPca(0.2, baseline, true), ["worse than PCA", "bad"])
  const copied = { pca_mse: 3e-14, pca_components: 64, verdict_margin: 0.02 }
  assert.match(compareWithPca(0.0017, copied, true)[0], /room for a copy/)
  assert.equal(compareWithPca(0.0017, copied, true)[1], "even")
  assert.equal(sayPca(copied), "PCA with 64 values 0, a perfect copy")
  assert.equal(sayProbe(0.9556, 0.9556, "pixels"), "linear classifier 95.6% (raw pixels 95.6%)")
  assert.equal(sayProbe(0.9556, undefined, "pixels"), "linear classifier 95.6%")
})

test("a sample is called by its row, and by its class where it has one", () => {
  const statics = { labels: { data: [1, -1] }, rows: { data: [17, 4] }, classes: ["0", "cats"] }
  assert.equal(nameOf({ statics }, 0), "row 17, class cats")
  assert.equal(nameOf({ statics }, 1), "row 4")
})

test("one item is cut out of many", () => {
  const array = { shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) }
  assert.deepEqual([...itemAt(array, 1)], [4, 5, 6])
})

test("scales end where they should, and go on from nothing out of bounds", () => {
  assert.deepEqual(heat(-1), heat(0))
  assert.deepEqual(heat(2), heat(1))
  assert.notDeepEqual(heat(0), heat(1))
  assert.equal(ramp(0, true), "rgb(74 88 106)")
  assert.equal(ramp(1, false), "rgb(0 62 118)")
})

test("every task has panels, each once", () => {
  for (const [task, panels] of Object.entries(SETS)) {
    const ids = panels.map((panel) => panel.id)
    assert.equal(new Set(ids).size, ids.length, task)
    for (const panel of panels) assert.ok(panel.title && panel.create, panel.id)
  }
})

/** A round over two classes and four rows of the pool. */
const mix = () => ({ shape: [4, 2], data: Int32Array.of(2, 2, 3, 0, 1, 0, 5, 5) })

test("how many rows are unlabeled is read from the flow, or from what was proposed", () => {
  assert.equal(poolSize({ mix: mix(), flow: { data: [1, 2, 1, 0] } }), 4)
  assert.equal(poolSize({ mix: mix() }, { proposed: 0.75 }), 4)
  assert.equal(poolSize({ mix: mix() }, {}), null)
  assert.deepEqual([...mixOf({ mix: mix() }, PROPOSED)], [3, 0])
})

test("an empty panel says why it is empty", () => {
  assert.match(whyEmpty({}, PROPOSED), /No round/)
  assert.equal(whyEmpty({ frame: { epoch: 1, mix: mix() }, row: {} }, PROPOSED), "")
  const nothing = { shape: [4, 2], data: new Int32Array(8) }
  assert.match(whyEmpty({ frame: { epoch: 0, mix: nothing }, row: {} }, PROPOSED), /before the first round/)
  assert.match(
    whyEmpty({ frame: { epoch: 1, mix: nothing, flow: { data: [0] } }, row: {} }, PROPOSED),
    /no unlabeled rows/,
  )
})

/** Everything that a panel of a run with pseudo-labels is given, with true classes in it. */
function withTruth() {
  return {
    frame: {
      mix: mix(),
      histogram: { shape: [1, 1, 3], data: Int32Array.of(4, 2, 1) },
      mistakes_rows: {},
      kept_confusion: {},
      kept_confusion_sums: {},
      unsure_rows: {},
      words: { mistakes_texts: [], unsure_texts: [] },
    },
    statics: { labels: { shape: [2], data: [0, 1] }, labeled: { data: [1, 0] }, tile_labels: {} },
    rows: [{ pseudo_precision: 0.9, accuracy: 0.8 }],
    epochRows: [{ pseudo_precision: 0.9, accuracy: 0.8 }],
    row: { pseudo_precision: 0.9, accuracy: 0.8 },
    state: { metrics: { kept_known: 5, accuracy: 0.8 } },
  }
}

test("while the oracle is off, panels are given no true class", () => {
  const kept = new Map()
  globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (k, v) => kept.set(k, v) }
  const oracle = new Oracle("run", () => {})
  const whole = withTruth()
  const view = oracle.veil(whole)
  assert.deepEqual(view.oracle, { isOn: false, isKnown: true })
  assert.deepEqual([...view.frame.mix.data], [0, 0, 3, 0, 1, 0, 5, 5])
  assert.deepEqual([...view.frame.histogram.data], [0, 0, 7], "right and wrong are one count")
  assert.deepEqual(Object.keys(view.frame.words), ["unsure_texts"])
  for (const name of ["mistakes_rows", "kept_confusion", "kept_confusion_sums"])
    assert.equal(view.frame[name], undefined)
  assert.deepEqual(view.statics.labels.data, [0, -1], "only given labels are left")
  for (const row of [view.row, view.rows[0], view.epochRows[0]]) assert.deepEqual(row, { accuracy: 0.8 })
  assert.deepEqual(view.state.metrics, { accuracy: 0.8 })
  assert.equal(whole.frame.mix.data[0], 2, "what is veiled is a copy")
  assert.equal(oracle.veil(whole).frame, view.frame, "made once a frame")
  oracle.set(true)
  assert.equal(oracle.veil(whole).frame, whole.frame)
  assert.ok(new Oracle("run", () => {}).isOn, "remembered for this tab")
})

test("the cursor moves within the frames, and its right end of a running run is live", () => {
  const store = {
    frames: [0, 1, 5],
    isAtWork: true,
    peek: (epoch) => ({ epoch }),
    frame: async (epoch) => ({ epoch }),
    prefetch() {},
  }
  const cursor = new Cursor(store, { draw() {}, rested() {} }, 1)
  cursor.moveBy(-9)
  assert.deepEqual([cursor.epoch, cursor.frame.epoch, cursor.isLive], [0, 0, false])
  cursor.moveToEpoch(4)
  assert.ok(cursor.isLive, "the nearest frame is the newest")
  store.isAtWork = false
  cursor.moveToEpoch(4)
  assert.deepEqual([cursor.epoch, cursor.isLive], [5, false])
  const speeds = [1, 2, 3].map(() => {
    cursor.cycleSpeed()
    return cursor.speed
  })
  assert.deepEqual(speeds, [2, 0.5, 1])
  cursor.destroy()
})
