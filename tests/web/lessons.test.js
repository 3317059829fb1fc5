// A lesson's panel: its formulas, and the step that begins at its top.

import assert from "node:assert/strict"
import { test } from "node:test"
import { inWords } from "../../assets/web/lessons/formula.js"
import { mount } from "../../assets/web/lessons/top.js"

test("a bracket stays with its symbol, and lines break at spaces alone", () => {
  const words = inWords([
    ["text", "ln (1 − "],
    ["symbol", "x̂"],
    ["text", ")] = "],
    ["symbol", "y"],
  ])
  const joined = words.map(([kind, piece]) => (kind === "word" ? "|" : piece)).join("")
  assert.equal(joined, "|ln |(1 |− |x̂)] |= |y")
  assert.equal(words.filter(([kind]) => kind === "symbol").length, 2)
})

test("a new step begins at its top, and the same one keeps its place", () => {
  const panel = { dataset: {}, scrollTop: 500 }
  const parentElement = { closest: (selector) => (selector === ".st-key-lesson-panel" ? panel : null) }
  mount({ parentElement, data: { place: "3.2" } })
  assert.equal(panel.scrollTop, 0)
  panel.scrollTop = 300
  mount({ parentElement, data: { place: "3.2" } })
  assert.equal(panel.scrollTop, 300)
  mount({ parentElement, data: { place: "3.3" } })
  assert.equal(panel.scrollTop, 0)
})

test("what is said of an answer comes into view once, above Back and Next", () => {
  globalThis.requestAnimationFrame = () => {} // one frame
  const asked = []
  const said = { scrollIntoView: (how) => asked.push(how.block) }
  const ways = { parentElement: { offsetHeight: 90 } }
  const found = { ".st-key-q-said": said, ".st-key-lesson-ways": ways }
  const panel = {
    dataset: {},
    scrollTop: 0,
    style: {},
    addEventListener() {},
    querySelector: (selector) => found[selector],
  }
  const parentElement = { closest: () => panel }
  const show = (said) => mount({ parentElement, data: { place: "3.2", said } })
  show("")
  assert.equal(asked.length, 0)
  show("q-said 1")
  show("q-said 1")
  assert.deepEqual(asked, ["nearest"])
  assert.equal(panel.style.scrollPaddingBottom, "114px")
  show("")
  show("q-said 2")
  assert.equal(asked.length, 2)
  show("gone-said 1")
  assert.equal(asked.length, 2)
})
