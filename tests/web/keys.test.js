// Keys of the classes, with a document that only remembers.

import assert from "node:assert/strict"
import { test } from "node:test"
import { mount, press } from "../../assets/web/classify/keys.js"

test("a key presses its button while a toggle has the focus, and not in a text box", () => {
  const listeners = new Set(),
    clicked = []
  globalThis.document = {
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
    querySelector: (selector) => ({ click: () => clicked.push(selector) }),
  }
  const event = (key, isText, more = {}) => ({
    key,
    target: { matches: () => !isText },
    preventDefault() {},
    stopPropagation() {},
    ...more,
  })
  const first = mount({ data: { buttons: { 1: "review-0", s: "review-skip" } } })
  const second = mount({ data: { buttons: { 1: "review-0" } } })
  first() // a rerun: the newer one stays
  assert.equal(listeners.size, 1)
  press(event("1", false))
  press(event("1", true))
  press(event("1", false, { ctrlKey: true }))
  press(event("s", false))
  assert.deepEqual(clicked, [".st-key-review-0 button"])
  second()
  assert.equal(listeners.size, 0)
  press(event("1", false))
  assert.equal(clicked.length, 1)
})
