// The panels that tell what is confused, above 200 classes: what they say, and how the others are found.

import assert from "node:assert/strict"
import { test } from "node:test"
import confusion from "../../assets/web/stage/panels/confusion.js"
import errors from "../../assets/web/stage/panels/errors.js"
import { openPage } from "./page.js"

const C = 300
const classes = Array.from({ length: C }, (_, c) => `Class ${c}`)

/** Each class has ten rows, all right but those of class 7, four of which are taken for class 9. */
function sums() {
  const of = (value) => Array.from({ length: C }, (_, c) => value(c))
  const rows = [
    of((c) => (c === 7 ? 6 : 10)),
    of(() => 10),
    of((c) => ({ 7: 6, 9: 14 })[c] ?? 10),
    of((c) => (c === 7 ? 9 : -1)),
    of((c) => (c === 7 ? 4 : 0)),
  ]
  return { shape: [5, C], data: Int32Array.from(rows.flat()) }
}

/** A panel on a page whose canvases draw nothing. */
function mount(panel) {
  openPage()
  const { createElement } = document
  const pen = new Proxy({}, { get: () => () => {}, set: () => true })
  document.createElement = (tag) => Object.assign(createElement(tag), { getContext: () => pen })
  globalThis.Path2D = class {
    constructor() {
      Object.assign(this, pen)
      for (const name of ["moveTo", "lineTo", "arc", "rect", "closePath", "addPath", "ellipse"])
        this[name] = () => {}
    }
  }
  const [head, body, foot] = ["div", "div", "div"].map((tag) => document.createElement(tag))
  return { head, body, made: panel.create({ head, body, foot }, { selection: {} }) }
}

function type(head, typed) {
  const box = head.byId("find-confused")
  assert.equal(box.hidden, false)
  box.value = typed
  box.listeners.input()
}

test("a classifier of 300 classes tells the two that are confused, with exact totals, and finds the others", () => {
  const { head, body, made } = mount(confusion)
  const frame = { epoch: 3, label_counts: {}, confusion_sums: sums() }
  const view = { statics: { classes }, frame }
  made.update(view)
  assert.match(body.textContent, /Of 3,000 validation rows over 99% are classified correctly/)
  assert.match(body.textContent, /The 2 of 300 classes that are most often confused/)
  const rows = () => body.all((node) => node.tagName === "TR").slice(1)
  assert.deepEqual(
    rows().map((row) => row.textContent),
    ["Class 7100%60%Class 9 (4)", "Class 971%100%–"],
  )
  type(head, "class 29")
  assert.equal(rows().length, 11, "29 and 290 to 299")
  assert.match(
    made.summary(view),
    /The lowest recall is that of Class 7, 60%, most often confused with Class 9/,
  )
})

test("the audit of 300 classes tells the kept labels that are wrong most often", () => {
  const { head, body, made } = mount(errors)
  const mix = { shape: [4, C], data: new Int32Array(4 * C).fill(10) }
  const frame = { epoch: 2, mix, kept_confusion_sums: sums() }
  const view = { statics: { classes, shape: [2] }, frame, row: {}, oracle: { isOn: true, isKnown: true } }
  made.update(view)
  head.byId("errors-classes").listeners.click()
  assert.match(body.textContent, /the lowest precision is that of Class 7, 60%. The 2 of 300 classes/)
  const rows = body.all((node) => node.tagName === "TR").slice(1)
  assert.equal(rows[0].textContent, "Class 71060%60%Class 9 (4)")
  type(head, "nothing")
  assert.match(body.textContent, /No class is called so/)
  assert.match(made.summary(view), /the lowest precision is that of Class 7/)
})
