// The stage's widgets over a page that only remembers: tips, slider, names of buttons, the first plot, a lesson's panel.

import assert from "node:assert/strict"
import { test } from "node:test"
import { closeBubbles } from "../../assets/web/lib/bubbles.js"
import { el } from "../../assets/web/lib/dom.js"
import { createGuide, nextSteps, phaseOf } from "../../assets/web/stage/guide.js"
import { createLook } from "../../assets/web/stage/look.js"
import lossPanel from "../../assets/web/stage/panels/loss.js"
import { createTransport } from "../../assets/web/stage/transport.js"
import { createVerdict } from "../../assets/web/stage/verdict.js"
import { openPage } from "./page.js"

const STATE = {
  status: "running",
  task: "autoencoder",
  epoch: 6,
  epochs: 20,
  steps_per_epoch: 100,
  learning_rate: 0.001,
  epochs_per_second: 0,
  code_size: 2,
}

function guideOver() {
  const ran = []
  const steps = [
    { id: "replay", text: "Replay", run: () => ran.push("replay") },
    { id: "decode", text: "Decode", run: () => ran.push("decode"), isThere: () => false },
  ]
  return { ran, ...createGuide(steps) }
}

test("each stage of a run has its tip, and only the end has next steps", () => {
  openPage()
  const { root, update, ran } = guideOver()
  const phases = [0, 2, 8, 19].map((epoch) => phaseOf(epoch, 20, false))
  assert.deepEqual(phases, ["before", "early", "middle", "late"])
  assert.equal(phaseOf(20, 20, true), "end")
  update({ state: null, frame: null })
  assert.match(root.textContent, /Reading the data/)
  update({ state: { ...STATE, status: "queued" }, frame: null })
  assert.match(root.textContent, /waits for its turn/)
  update({ state: { ...STATE, status: "stopped" }, frame: null })
  assert.match(root.textContent, /ended before anything was measured/)
  update({ state: { ...STATE, status: "finished" }, frame: null, frames: [0, 1] })
  assert.match(root.textContent, /Loading/, "its epochs are on their way")
  update({ state: STATE, frame: { epoch: 0, step: 30 } })
  assert.match(root.textContent, /Step 30 of 100/)
  const seen = new Set()
  const next = root.children[1]
  for (const epoch of [0, 2, 8, 19]) {
    update({ state: STATE, frame: { epoch } })
    seen.add(root.children[0].textContent)
    assert.ok(next.hidden)
  }
  assert.equal(seen.size, 4)
  update({ state: { ...STATE, status: "finished", epoch: 20 }, frame: { epoch: 20 } })
  assert.match(root.textContent, /What you just saw/)
  assert.ok(!next.hidden)
  assert.ok(root.byId("next-decode").hidden, "a step that this run does not offer")
  root.byId("next-replay").click()
  assert.deepEqual(ran, ["replay"])
})

test("a run that was stopped early ends where it ended", () => {
  openPage()
  const { root, update } = guideOver()
  update({ state: { ...STATE, status: "stopped", epoch: 6 }, frame: { epoch: 6 } })
  assert.match(root.textContent, /What you just saw/)
})

test("the end of a run says what came of it, and offers the epochs that help", () => {
  openPage()
  const asked = []
  const steps = nextSteps("autoencoder", { more: (epochs) => asked.push(epochs), canDecode: () => false })
  const { root, update } = createGuide(steps)
  const end = (
    row,
    task = "autoencoder",
    baseline = { pca_mse: 0.02, verdict_margin: 0.02, bigram_loss: 2 },
  ) => {
    update({ state: { ...STATE, task, baseline, status: "finished", epoch: 20 }, frame: { epoch: 20 }, row })
    return root.children[0].textContent
  }
  const more = root.byId("next-more")
  assert.match(end({ val_mse: 0.01 }), /learned to reconstruct/)
  assert.ok(more.hidden)
  assert.match(end({ val_mse: 0.03, signs: [{ code: "worse-than-pca", epochs: 400 }] }), /only roughly/)
  assert.ok(!more.hidden)
  assert.equal(more.textContent, "Train 400 epochs")
  more.click()
  assert.deepEqual(asked, [400])
  const copied = { pca_mse: 3e-14, verdict_margin: 0.02 }
  assert.match(end({ val_mse: 0.0017 }, "autoencoder", copied), /does not show that the network has learned/)
  assert.match(end({ val_mse: 0.06, signs: [{ code: "worse-than-mean", epochs: 400 }] }), /has not learned/)
  assert.match(end({ val_loss: 1 }, "language"), /better than counting pairs of tokens/)
  assert.match(end({ val_loss: 3 }, "language"), /still worse/)
  assert.match(end({ signs: [{ code: "complete-collapse" }] }, "views"), /a collapse\./)
})

test("tips can be hidden, stay hidden for the next run, and can be shown again", () => {
  openPage()
  const first = guideOver()
  const [hide] = first.root.all((node) => node.tagName === "BUTTON" && node.textContent === "Hide tips")
  assert.ok(!first.root.hidden && first.show.hidden)
  hide.click()
  assert.ok(first.root.hidden && !first.show.hidden)
  assert.equal(document.activeElement, first.show, "the focus is not lost")
  const second = guideOver()
  assert.ok(second.root.hidden && !second.show.hidden)
  second.show.click()
  assert.ok(!second.root.hidden)
  assert.ok(!guideOver().root.hidden)
})

test("a bubble closes by Escape and by a click elsewhere, not by one inside", () => {
  openPage()
  const heard = {}
  document.addEventListener = (name, act) => {
    heard[name] = act
  }
  const inside = {}
  const summary = document.createElement("summary")
  const bubble = { open: true, contains: (node) => node === inside, querySelector: () => summary }
  closeBubbles({ querySelectorAll: () => [bubble] })
  heard.click({ target: inside })
  assert.ok(bubble.open)
  heard.click({ target: {} })
  assert.ok(!bubble.open)
  bubble.open = true
  document.activeElement = inside
  heard.keydown({ key: "a" })
  assert.ok(bubble.open)
  heard.keydown({ key: "Escape", preventDefault() {} })
  assert.ok(!bubble.open)
  assert.equal(document.activeElement, summary, "the focus is not lost")
})

function transportOver(state, frames = [0, 1, 2, 3, 4, 5, 6]) {
  openPage()
  const cursor = { isLive: true, isReplaying: false, speed: 1, frame: { epoch: frames.at(-1) ?? 0 } }
  const asked = []
  const store = { state, frames, command: async (...command) => asked.push(command) && {} }
  const transport = createTransport({ store, cursor, tell() {}, draw() {} }, state.task)
  transport.update()
  return { ...transport, range: transport.root.byId("stage-cursor"), asked, store, cursor }
}

test("the slider has all epochs that the run will have, and shows how far it has come", () => {
  const { range, root } = transportOver(STATE)
  assert.deepEqual([range.max, range.value], [20, 6])
  assert.equal(range.style["--trained"], "30%")
  assert.equal(range.getAttribute("aria-valuetext"), "epoch 6 of 20")
  assert.match(root.textContent, /6 \/ 20/)
  assert.equal(transportOver({ ...STATE, epoch: 0 }, []).range.max, 20, "before the first epoch too")
  assert.equal(transportOver({ ...STATE, epochs: 5 }).range.max, 6, "a run that was made longer")
})

test("a run of rounds is counted in rounds everywhere", () => {
  const { root } = transportOver({ ...STATE, task: "pseudo" })
  const said = root.all(() => true).flatMap((node) => [node.text ?? "", ...Object.values(node.attributes)])
  assert.deepEqual(
    said.filter((text) => /epoch/i.test(text) && !/^stage-/.test(text)),
    [],
  )
})

test("the name of a button contains what is written on it, whatever the run does", () => {
  for (const status of ["queued", "running", "paused", "stopped", "interrupted", "finished", "failed"]) {
    const { root, cursor, update } = transportOver({ ...STATE, status })
    cursor.isReplaying = true
    update()
    for (const button of root.all((node) => node.tagName === "BUTTON")) {
      const name = button.getAttribute("aria-label")
      assert.ok(!name || name.includes(button.textContent), `${status}: ${name} | ${button.textContent}`)
    }
  }
})

test("what was stopped by hand can be resumed, and what is finished cannot", () => {
  const pauseOf = (status) => transportOver({ ...STATE, status }).root.byId("stage-pause")
  for (const status of ["paused", "stopped", "interrupted"]) {
    assert.deepEqual([pauseOf(status).textContent, pauseOf(status).disabled], ["Resume", false], status)
  }
  assert.ok(pauseOf("finished").disabled && pauseOf("failed").disabled)
})

/** What the loss panel hands to Plotly. */
async function plotted(view) {
  openPage()
  const drawn = []
  globalThis.Plotly = { react: (_, traces, layout) => drawn.push({ traces, layout }) }
  const root = { head: document.createElement("div"), body: document.createElement("div") }
  const panel = lossPanel.create(root, { assets: "", store: { frames: [] }, cursor: {} })
  await null // the library is there
  const theme = { id: "light", text: "", muted: "", border: "", background: "", panel: "", font: "" }
  panel.update({ rows: [], epochRows: [], earlyRows: [], state: STATE, theme, ...view })
  return { ...drawn.at(-1), metric: root.head.children[0], drawn }
}

test("in the first seconds the axis has the run's epochs, and no numbers beside it", async () => {
  const { layout } = await plotted({})
  assert.deepEqual(layout.xaxis.range, [0, 20])
  assert.equal(layout.yaxis.showticklabels, false)
})

test("epoch 0 alone is a dot, later epochs are lines", async () => {
  const rows = [0, 1].map((epoch) => ({ kind: "epoch", epoch, train_loss: 0.3 - epoch / 10, val_loss: 0.3 }))
  const modes = async (count) => {
    const { traces } = await plotted({ rows: rows.slice(0, count), epochRows: rows.slice(0, count) })
    return traces.filter((trace) => trace.name === "validation").map((trace) => [trace.mode, trace.x])
  }
  assert.deepEqual(await modes(1), [["markers", [0]]])
  assert.deepEqual(await modes(2), [["lines", [0, 1]]])
})

test("an axis of shares has as many digits as it needs, so that 98.5% and 99% are not both 99%", async () => {
  const rows = [0, 1].map((epoch) => ({
    kind: "epoch",
    epoch,
    val_loss: 0.3,
    val_accuracy: 0.98 + epoch / 50,
  }))
  const { metric, drawn } = await plotted({ rows, epochRows: rows })
  metric.value = "accuracy"
  metric.listeners.change()
  assert.equal(drawn.at(-1).layout.yaxis.tickformat, "~%")
})

test("the panel that a lesson is about stands first, and comes into view once", () => {
  openPage()
  const shown = []
  const panels = ["loss", "map"].map((id) => {
    const node = el("section", { id })
    node.scrollIntoView = () => shown.push(id)
    return { id, node }
  })
  const grid = el("div", {}, ...panels.map(({ node }) => node))
  const order = () => grid.children.map(({ attributes }) => attributes.id)
  const look = createLook(grid, panels)
  look.wish("map")
  assert.deepEqual(order(), ["map", "loss"])
  assert.ok(grid.children[0].classList.contains("is-looked-at"))
  look.painted()
  look.wish("map")
  look.painted()
  assert.deepEqual(shown, ["map"])
  look.wish("attention") // a panel of another task
  look.painted()
  assert.deepEqual([order(), shown], [["loss", "map"], ["map"]])
  assert.ok(panels.every(({ node }) => !node.classList.contains("is-looked-at")))
})

test("the time of a run is an estimate only while it trains", () => {
  openPage()
  const { root, update } = createVerdict({ signs: {}, verdicts: {} })
  const left = root.children[0].children.at(-1)
  update({ state: { ...STATE, seconds: 4, seconds_left: 30 }, row: { epoch: 6 } })
  assert.deepEqual([left.textContent, left.title], ["30 s left", "Estimated from the training so far"])
  update({ state: { ...STATE, status: "finished", seconds: 26, seconds_left: null }, row: { epoch: 6 } })
  assert.deepEqual([left.textContent, left.title], ["26 s of training", ""])
})

test("a classifier is compared on validation rows, and not praised where test rows doubt it", () => {
  openPage()
  const { root, update } = createVerdict({ signs: {}, verdicts: {} })
  const word = root.children[0].children[0]
  const state = { ...STATE, task: "classify", status: "finished", baseline: { logistic_accuracy: 0.9 } }
  const judge = (test_accuracy) => {
    const metrics = { test_accuracy, test_rows: 100 }
    update({ state: { ...state, metrics }, row: { epoch: 6, val_accuracy: 0.95 } })
    return [word.textContent, word.dataset.tone]
  }
  assert.deepEqual(judge(0.94), ["better than logistic regression on validation rows", "good"])
  assert.deepEqual(judge(0.89), ["better than logistic regression on validation rows", "even"])
})
