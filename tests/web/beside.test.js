// A broken run beside its intact one: the sentence, the run that follows, the chart of both, and the buttons.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { createBeside, labelOf, wordsOf } from "../../assets/web/stage/beside.js"
import { lastCommon, sayBeside, sayGauge } from "../../assets/web/stage/beside_words.js"
import { Follower, nearestIndex } from "../../assets/web/stage/follower.js"
import { gaugePanel, tracesOfBoth } from "../../assets/web/stage/panels/gauge.js"
import { Told } from "../../assets/web/stage/told.js"
import { openPage } from "./page.js"

const CASES = JSON.parse(readFileSync(new URL("./beside.json", import.meta.url), "utf8"))
const BROKEN = {
  run: "b",
  token: "t",
  title: "Without predictor",
  kind: "broken",
  gauge: "spread",
  name: "B",
}
const turn = () => new Promise((done) => setTimeout(done, 0))

test("one sentence says what differs, as the command line does", () => {
  for (const { said, intact, broken, ...about } of CASES) {
    assert.equal(sayBeside(about, intact, broken), said)
  }
})

test("the last epoch that both have measured is compared, at most the cursor's", () => {
  const intact = [0, 1, 2, 3].map((epoch) => ({ epoch }))
  const broken = [0, 2].map((epoch) => ({ epoch, broken: true }))
  assert.deepEqual(lastCommon(intact, broken), [intact[2], broken[1]])
  assert.deepEqual(lastCommon(intact, broken, 1), [intact[0], broken[0]])
  assert.equal(lastCommon(intact, []), null)
  assert.deepEqual(
    [sayGauge("rankme", 14.04), sayGauge("spread", 0.934), sayGauge("spread", null)],
    ["14.0", "0.93", "–"],
  )
})

test("a run that has measured nothing yet is not compared, and which one it is is said", () => {
  const [first, second] = [0, 4].map((epoch) => [{ epoch, spread: 0.9 }])
  const words = (intact, broken, status = "running", cursor = 0) =>
    wordsOf(
      BROKEN,
      [
        { state: { status: "finished" }, epochRows: intact },
        { state: status && { status }, epochRows: broken },
      ],
      cursor,
    )
  assert.equal(words(first, [], "queued"), "The broken run waits in the queue.")
  assert.equal(words(first, []), "The broken run has not measured anything yet.")
  assert.equal(words([], first), "The intact run has not measured anything yet.")
  assert.equal(words(first, [], null), "", "not loaded yet")
  assert.equal(words(first, second, "running", 4), "", "epochs that only one of them has")
  assert.match(words(first, first), /^Without predictor, .* 0\.90 .*intact: 0\.90/)
})

/** A store whose frames come when a test lets them. */
function fakeStore(frames) {
  const asked = []
  return {
    frames,
    generation: 0,
    rows: [],
    epochRows: frames.map((epoch) => ({ epoch })),
    state: { status: "running" },
    statics: {},
    kept: new Map(),
    asked,
    peek(epoch) {
      return this.kept.get(epoch) ?? null
    },
    frame: (epoch) => new Promise((resolve) => asked.push({ epoch, resolve })),
    prefetch() {},
    destroy() {
      this.isGone = true
    },
  }
}

test("the other run shows the frame that is nearest to the cursor, and never a late one", async () => {
  const store = fakeStore([0, 1, 2])
  let drawn = 0
  const follower = new Follower(
    {},
    () => drawn++,
    () => store,
  )
  follower.follow(null)
  assert.equal(store.asked.length, 0)
  follower.follow(1)
  follower.follow(1)
  await turn()
  assert.deepEqual(
    store.asked.map(({ epoch }) => epoch),
    [1],
  )
  follower.follow(9)
  store.asked[0].resolve({ epoch: 1 })
  await turn()
  assert.equal(follower.frame, null, "the cursor has gone on")
  store.asked[1].resolve({ epoch: 2 })
  await turn()
  assert.equal(follower.frame.epoch, 2)
  assert.equal(drawn, 1)
  store.kept.set(0, { epoch: 0 })
  follower.follow(0)
  assert.equal(follower.frame.epoch, 0, "at once")
  const view = follower.viewFrom({ theme: { id: "light" }, cursor: 5, state: {} })
  assert.deepEqual([view.cursor, view.row.epoch, view.state.status], [5, 0, "running"])
  follower.destroy()
  assert.ok(store.isGone)
})

test("a frame that did not come is asked for again at the next look, and not at once", async () => {
  const store = fakeStore([0])
  let drawn = 0
  const follower = new Follower(
    {},
    () => drawn++,
    () => store,
  )
  follower.follow(0)
  await turn()
  store.asked[0].resolve(null)
  await turn()
  assert.deepEqual([store.asked.length, drawn], [1, 0])
  follower.follow(0)
  await turn()
  assert.equal(store.asked.length, 2)
})

test("new epochs of the other run come nearer to the cursor; a resumed run is read again", async () => {
  const store = fakeStore([0, 1])
  for (const epoch of [0, 1, 2, 3]) store.kept.set(epoch, { epoch })
  const follower = new Follower(
    {},
    () => null,
    () => store,
  )
  follower.follow(2)
  assert.equal(follower.frame.epoch, 1)
  store.frames = [0, 1, 2, 3]
  follower.follow(2)
  assert.equal(follower.frame.epoch, 2, "and does not run ahead of the cursor")
  store.generation++
  store.kept.set(2, { epoch: 2, isNew: true })
  follower.follow(2)
  assert.ok(follower.frame.isNew)
  assert.equal(nearestIndex([0, 2, 4], 3), 1)
})

const THEME = { id: "light", text: "#111", muted: "#888", border: "#ddd", background: "#fff", font: "sans" }
const both = () => ({
  theme: THEME,
  state: { task: "views", epochs: 3, baseline: { raw_probe_accuracy: 0.4, pca_probe_accuracy: 0.6 } },
  rows: [],
  break: BROKEN,
  sides: {
    intact: {
      epochRows: [0, 1].map((epoch) => ({ epoch, probe_accuracy: 0.9 })),
      row: { epoch: 1, probe_accuracy: 0.9 },
    },
    broken: { epochRows: [{ epoch: 0, probe_accuracy: 0.3 }], row: undefined },
  },
})

test("the chart has both runs, told apart without color, and the best that needs no training", () => {
  const traces = tracesOfBoth(both(), "probe_accuracy")
  assert.deepEqual(
    traces.map(({ name, y, mode }) => [name, y[0], mode]),
    [
      ["intact", 0.9, "lines"],
      ["without predictor", 0.3, "markers"],
      ["PCA of the same size", 0.6, "lines"],
    ],
  )
  assert.equal(new Set(traces.map(({ line }) => line.dash)).size, 3)
  assert.equal(tracesOfBoth(both(), "spread").length, 2)
})

test("the chart is said in words, in the format of its gauge", () => {
  openPage()
  Object.assign(globalThis, { Plotly: { react() {}, purge() {}, Plots: { resize() {} } } })
  const [head, body, foot] = ["div", "div", "div"].map((tag) => document.createElement(tag))
  const ctx = { store: { frames: [0, 1] }, cursor: {}, assets: "" }
  const panel = gaugePanel("beside-useful", "Is it useful?", () => "probe_accuracy").create(
    { head, body, foot },
    ctx,
  )
  panel.update(both())
  assert.equal(
    panel.summary(both()),
    "Linear classifier on the code: 90.0% intact at epoch 1, none yet without predictor.",
  )
  panel.destroy()
})

test("a button for each run that differs in one safeguard; without one there is nothing", async () => {
  assert.equal(labelOf(BROKEN), "Beside: without predictor")
  assert.equal(labelOf({ ...BROKEN, kind: "intact" }), "Beside the intact run")
  for (const members of [[], [BROKEN, { ...BROKEN, run: "c", title: "Without SIGReg" }]]) {
    openPage()
    const store = { ask: async () => ({ ok: true, json: async () => ({ members }) }) }
    const beside = createBeside({ store, draw() {} }, { wish: "", chosen() {}, resized() {} })
    await turn()
    assert.equal(beside.root.hidden, !members.length)
    const buttons = beside.root.all((node) => node.attributes["data-testid"] === "beside-button")
    assert.deepEqual(
      buttons.map((button) => button.textContent),
      members.map(labelOf),
    )
    assert.equal(beside.isOn, false)
    beside.destroy()
  }
})

test("what Python gives back is an echo; anything else that is new is a wish", () => {
  const told = new Told("")
  assert.equal(told.isWish(""), false)
  told.tell("a")
  told.tell("")
  assert.deepEqual([told.isWish("a"), told.isWish("")], [false, false])
  assert.equal(told.isWish("b"), true)
  assert.equal(told.isWish("b"), false)
})
