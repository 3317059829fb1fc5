// Sentences and explanations of panels: which sentence is shown, who hears it, terms and their definitions.

import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { partsOf, withTerms } from "../../assets/web/lib/terms.js"
import { framePanel, saidOf } from "../../assets/web/stage/frame.js"
import { Oracle } from "../../assets/web/stage/oracle.js"
import { Store } from "../../assets/web/stage/store.js"
import { explanationOf } from "../../assets/web/stage/why.js"
import { openPage } from "./page.js"

beforeEach(openPage)

const FRAME = {
  epoch: 3,
  words: { said: { labels: "Few are kept." }, said_with_truth: { labels: "It drifts." } },
}

test("the sentence of a panel is its own; with the oracle on that of the truth", () => {
  assert.equal(saidOf({ frame: FRAME }, "labels"), "Few are kept.")
  assert.equal(saidOf({ frame: FRAME, oracle: { isOn: true } }, "labels"), "It drifts.")
  assert.equal(saidOf({ frame: FRAME, oracle: { isOn: false } }, "labels"), "Few are kept.")
  assert.equal(saidOf({ frame: FRAME }, "map"), "")
  assert.equal(saidOf({ frame: null }, "map"), "")
  assert.equal(saidOf({ frame: { epoch: 1 } }, "map"), "", "a frame of an earlier version")
})

test("while the oracle is off, what the truth tells is not even there", () => {
  const oracle = new Oracle("run", () => {})
  const veiled = oracle.veil({ frame: FRAME, rows: [], epochRows: [] })
  assert.deepEqual(Object.keys(veiled.frame.words), ["said"])
})

function panelOf(how, ctx = {}, more = {}) {
  const panel = {
    id: "labels",
    title: "Labels",
    create: () => ({ update() {}, resize() {}, destroy() {}, summary: () => "As text." }),
    ...more,
  }
  const shared = { cursor: { isReplaying: false }, store: { isAtWork: false }, ...ctx }
  const made = framePanel(panel, shared, how)
  return { ...made, said: made.node.byId("stage-said"), shared }
}

test("the sentence follows the frame, and is said aloud only when a person moves the cursor", () => {
  const { update, said, shared } = panelOf({ isSpoken: true })
  update({ state: {}, frame: FRAME, isLive: true })
  assert.equal(said.textContent, "Few are kept.")
  assert.equal(said.getAttribute("aria-live"), "polite")
  shared.store.isAtWork = true
  update({ state: {}, frame: { words: { said: { labels: "All." } } }, isLive: true })
  assert.equal(said.textContent, "All.")
  assert.equal(said.getAttribute("aria-live"), "off", "epochs come by themselves")
  update({ state: {}, frame: FRAME, isLive: false })
  assert.equal(said.getAttribute("aria-live"), "polite")
  shared.cursor.isReplaying = true
  update({ state: {}, frame: FRAME, isLive: false })
  assert.equal(said.getAttribute("aria-live"), "off")
})

test("other panels are silent", () => {
  const { update, said } = panelOf({})
  update({ state: {}, frame: FRAME })
  assert.equal(said.getAttribute("aria-live"), null)
  assert.equal(said.hidden, false)
})

test("a panel says what another name says, or nothing at all", () => {
  const beside = panelOf({}, {}, { id: "beside-labels-intact", says: "labels" })
  beside.update({ state: {}, frame: FRAME })
  assert.equal(beside.said.textContent, "Few are kept.")
  assert.equal(panelOf({}, {}, { says: "" }).said.hidden, true, "no room is kept for it")
})

test("a text is cut at its terms, which may be shown in other words", () => {
  assert.deepEqual(partsOf("A [[code]] has [[few numbers|bottleneck]]."), [
    { text: "A " },
    { text: "code", term: "code" },
    { text: " has " },
    { text: "few numbers", term: "bottleneck" },
    { text: "." },
  ])
  assert.deepEqual(partsOf("No term [at all]."), [{ text: "No term [at all]." }])
})

test("pointing at a term, focus and a press show its definition; only one is open", () => {
  const glossary = { code: { means: "Numbers." }, PCA: { means: "Linear.", source: "Pearson, 1901" } }
  const [text, place] = withTerms("[[code]], [[PCA]] and [[odd]]", glossary)
  const buttons = text.all((node) => node.tagName === "BUTTON")
  assert.deepEqual(
    buttons.map((button) => button.textContent),
    ["code", "PCA"],
  )
  assert.equal(text.textContent, "code, PCA and odd", "a term without an entry is only text")
  assert.equal(place.hidden, true)
  buttons[0].listeners.focus()
  assert.equal(place.hidden, false)
  assert.match(place.textContent, /code Numbers\./)
  buttons[1].listeners.pointerenter()
  assert.match(place.textContent, /PCA Linear\.Pearson, 1901/)
  assert.deepEqual(
    buttons.map((button) => button.getAttribute("aria-expanded")),
    ["false", "true"],
  )
})

test("a panel has its own explanation in a task, or the one of all", () => {
  const words = { panels: { map: { text: "all" }, "map of views": { text: "views" } } }
  assert.equal(explanationOf(words, "map", "views").text, "views")
  assert.equal(explanationOf(words, "map", "classify").text, "all")
})

test("frames are asked for again once the baseline is measured, since panels compare with it", () => {
  Object.assign(globalThis.document, { addEventListener() {}, removeEventListener() {}, hidden: true })
  globalThis.fetch = async () => ({ ok: false, status: 500 })
  const store = new Store({ base: "", run: "r", token: "t" }, () => {})
  const answer = (baseline) => ({ rows: [], next: "1", frames: [0], state: { status: "running", baseline } })
  store.take(answer(null))
  store.cache.set(0, {})
  store.take(answer(null))
  assert.equal(store.cache.size, 1)
  store.take(answer({ pca_mse: 0.1 }))
  assert.equal(store.cache.size, 0)
  assert.equal(store.generation, 1)
  store.cache.set(0, {})
  store.take(answer({ pca_mse: 0.1 }))
  assert.equal(store.cache.size, 1, "only once")
  store.destroy()
})
