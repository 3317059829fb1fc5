// What the page of a latent space asks the server for: answers are kept, failures are not.

import assert from "node:assert/strict"
import { test } from "node:test"
import { legendOf } from "../../assets/web/space/legend.js"
import { Source } from "../../assets/web/space/source.js"
import { openPage } from "./page.js"

/** A server that gives these answers one after the other. */
function answering(...answers) {
  const asked = []
  globalThis.location = { origin: "http://localhost" }
  globalThis.fetch = async (address) => {
    asked.push(String(address))
    return answers[Math.min(asked.length, answers.length) - 1]
  }
  return asked
}

/** What a tool answers: an empty safetensors file with a card in its header. */
function card(row) {
  const about = { items: JSON.stringify([{ row, label: "seven" }]) }
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: about }))
  const bytes = new Uint8Array(8 + header.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true)
  bytes.set(header, 8)
  return new Response(bytes)
}

test("a card that could not be had is asked for again, and one that was is not", async () => {
  const source = new Source("/studio", { key: "0123456789abcdef", token: "token" })
  const asked = answering(new Response("{}", { status: 503 }), card(7))
  await assert.rejects(source.card(3, 0))
  assert.equal((await source.card(3, 0)).row, 7)
  assert.equal((await source.card(3, 0)).row, 7)
  assert.equal(asked.length, 2)
})

/** A page whose canvases take every stroke. */
function openDrawnPage() {
  openPage()
  const pen = new Proxy({}, { get: () => () => pen, set: () => true })
  globalThis.Path2D = class {
    constructor() {
      Object.assign(this, { arc() {}, moveTo() {}, lineTo() {}, closePath() {}, rect() {} })
    }
  }
  Object.getPrototypeOf(document.createElement("canvas")).getContext = () => pen
}

test("a click in the legend shows a class alone, and with Shift it selects its points", () => {
  openDrawnPage()
  const done = []
  const isolate = (code) => {
    done.push(["alone", code])
    return new Set([code])
  }
  const legend = { kind: "class", names: ["cat", "dog"], counts: [3, 4], unknown: 0 }
  const [cat, dog, hint] = legendOf(legend, isolate, (code) => done.push(["select", code]))
  cat.listeners.click({ shiftKey: false })
  dog.listeners.click({ shiftKey: true })
  assert.deepEqual(done, [
    ["alone", 0],
    ["select", 1],
  ])
  assert.equal(cat.getAttribute("aria-pressed"), "true")
  assert.equal(dog.getAttribute("aria-pressed"), "false")
  assert.match(hint.textContent, /Shift-click or Shift-Enter: select/)
})

test("of many classes in the legend those without a button are found by their names", () => {
  openDrawnPage()
  const names = Array.from({ length: 254 }, (_, i) => (i < 253 ? `class ${i}` : "747 others"))
  const legend = { kind: "category", names, counts: names.map((_, i) => 300 - i), unknown: 2, others: 253 }
  const asked = []
  let alone = new Set()
  const nodes = legendOf(
    legend,
    (code) => {
      alone = new Set([code])
      return alone
    },
    () => {},
    { find: (text) => asked.push(text) },
  )
  const [box, held, rest] = nodes
  const texts = () => held.children.map((node) => node.textContent)
  assert.equal(texts().length, 20)
  assert.equal(rest.textContent, "and 235 more")
  box.value = "class 25"
  box.listeners.input()
  assert.deepEqual(texts(), ["class 25", "class 250", "class 251", "class 252"])
  assert.equal(rest.textContent, "")
  held.children[1].listeners.click({ shiftKey: false })
  box.value = "article"
  box.listeners.input()
  assert.deepEqual(texts(), ["class 250"], "what is shown alone can be let go")
  assert.equal(held.children[0].getAttribute("aria-pressed"), "true")
  box.listeners.keydown({ key: "Enter" })
  assert.deepEqual(asked, ["article"])
  const again = legendOf(legend, () => alone, null, { typed: "class 99", find: () => null })
  assert.deepEqual([again[1].textContent, again[0].value], ["class 99", "class 99"])
})

test("a half-made map that is finished by now is no fault", async () => {
  const source = new Source("/studio", { key: "0123456789abcdef", token: "token" })
  const asked = answering(new Response(null, { status: 204 }))
  assert.equal(await source.layout(null, 4), null)
  assert.match(asked[0], /partial=4/)
})
