// Pure parts that the pages share: safetensors, colors of classes, words for numbers, requests one at a time.

import assert from "node:assert/strict"
import { test } from "node:test"
import { differsOnlyIn, replaceParam, withParam } from "../../assets/web/lib/address.js"
import { brief, className, fixed, grouped, percent } from "../../assets/web/lib/dom.js"
import { COLORS, classColor } from "../../assets/web/lib/palette.js"
import { parseSafetensors } from "../../assets/web/lib/safetensors.js"
import { know } from "../../assets/web/lib/words.js"
import { latest } from "../../assets/web/stage/asking.js"
import { Cursor } from "../../assets/web/stage/cursor.js"
import { nextSteps } from "../../assets/web/stage/guide.js"
import { PLOT_OPTIONS } from "../../assets/web/stage/panels/plotly.js"
import { ofKnown, share, sum } from "../../assets/web/stage/pseudo.js"
import { Selection } from "../../assets/web/stage/selection.js"
import { newestNotice } from "../../assets/web/stage/verdict.js"

function safetensors(header, bytes) {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const file = new Uint8Array(8 + text.length + bytes.length)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
  file.set(text, 8)
  file.set(bytes, 8 + text.length)
  return file.buffer
}

test("safetensors are read at any offset; kinds that nobody knows are left out", () => {
  const floats = new Uint8Array(new Float32Array([1.5, -2]).buffer)
  const buffer = safetensors(
    {
      __metadata__: { epoch: "3" },
      odd: { dtype: "U8", shape: [3], data_offsets: [0, 3] },
      numbers: { dtype: "F32", shape: [2, 1], data_offsets: [3, 11] },
      strange: { dtype: "F8", shape: [1], data_offsets: [11, 12] },
    },
    [7, 8, 9, ...floats, 0],
  )
  const { arrays, about } = parseSafetensors(buffer)
  assert.deepEqual([...arrays.odd.data], [7, 8, 9])
  assert.deepEqual([...arrays.numbers.data], [1.5, -2])
  assert.deepEqual(arrays.numbers.shape, [2, 1])
  assert.equal(arrays.strange, undefined)
  assert.deepEqual(about, { epoch: "3" })
  assert.deepEqual(parseSafetensors(safetensors({}, [])), { arrays: {}, about: {} })
})

test("a file that was cut off is an error, not wrong numbers", () => {
  assert.throws(() => parseSafetensors(new ArrayBuffer(4)))
  const whole = safetensors({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, new Uint8Array(8))
  assert.throws(() => parseSafetensors(whole.slice(0, 12)))
  assert.throws(() => parseSafetensors(whole.slice(0, whole.byteLength - 2)))
})

test("colors repeat after ten classes; no class is gray", () => {
  assert.equal(classColor(13), COLORS[3])
  assert.ok(!COLORS.includes(classColor(-1)))
  assert.equal(new Set(COLORS).size, 10)
})

test("numbers are written as the reader's language does", () => {
  const said = (lang) => {
    know(lang, {})
    return [grouped(12345), fixed(-1.5, 2), percent(0.1234), brief(1234.5, 5), percent(0.00001)]
  }
  assert.deepEqual(said("zh"), ["12,345", "-1.50", "12.3%", "1,234.5", "under 0.1%"])
  assert.deepEqual(said("de"), ["12.345", "-1,50", "12,3\u00a0%", "1.234,5", "under 0,1\u00a0%"])
  assert.deepEqual(said("en"), ["12,345", "-1.50", "12.3%", "1,234.5", "under 0.1%"])
})

test("numbers in words", () => {
  assert.equal(fixed(1.23456, 2), "1.23")
  assert.equal(fixed(null, 2), "–")
  assert.equal(percent(0.1234), "12.3%")
  assert.equal(percent(undefined), "–")
  assert.equal(percent(0.0004), "under 0.1%")
  assert.equal(percent(0.9999), "over 99.9%")
  assert.equal(percent(0.995, 0), "over 99%")
  assert.equal(percent(1), "100.0%")
  assert.equal(share(0, 0), "–")
  assert.equal(share(0, 10), "0%")
  assert.equal(share(1, 1000), "under 1%")
  assert.equal(share(999, 1000), "over 99%")
  assert.equal(share(10, 10), "100%")
  assert.equal(ofKnown(19, 488), " (of the 19 known)")
  assert.equal(ofKnown(488, 488), "")
  assert.equal(ofKnown(undefined, 488), "", "a run of an earlier version")
  assert.equal(sum(new Int32Array([1, 2, 3])), 6)
})

test("one request at a time, then the newest wish; what came between is dropped", async () => {
  const ask = latest()
  const started = []
  let release
  const first = ask(() => {
    started.push("first")
    return new Promise((done) => {
      release = done
    })
  })
  const dropped = ask(() => started.push("dropped"))
  const newest = ask(() => {
    started.push("newest")
    return "answer"
  })
  assert.equal(await dropped, null)
  assert.deepEqual(started, ["first"])
  release("one")
  assert.equal(await first, "one")
  assert.equal(await newest, "answer")
  assert.deepEqual(started, ["first", "newest"])
})

test("a request that fails is answered with null and holds nothing up", async () => {
  const ask = latest()
  assert.equal(await ask(() => Promise.reject(new Error("gone"))), null)
  assert.equal(await ask(() => 5), 5)
})

test("choosing a sample twice lets it go, and B with it", () => {
  let changes = 0
  const selection = new Selection(() => changes++)
  selection.set(3)
  selection.setSecond(3)
  assert.equal(selection.second, null)
  selection.setSecond(5)
  assert.deepEqual([selection.first, selection.second], [3, 5])
  selection.set(3)
  assert.deepEqual([selection.first, selection.second], [null, null])
  assert.equal(changes, 4)
})

test("a finger chooses B by a button, since it has no Shift key", () => {
  const selection = new Selection(() => {})
  selection.wantSecond()
  assert.ok(!selection.wantsSecond, "there is no A yet")
  selection.click(3, false)
  selection.wantSecond()
  selection.click(5, false)
  assert.deepEqual([selection.first, selection.second], [3, 5])
  selection.click(7, false)
  assert.equal(selection.first, 7, "one click only")
  selection.click(8, true)
  assert.deepEqual([selection.first, selection.second], [7, 8])
})

/** A cursor over epochs whose frames are there at once. */
function cursorOver(frames, epoch = null) {
  const store = {
    frames,
    generation: 0,
    isEnded: true,
    frame: async (wanted) => ({ epoch: wanted }),
    prefetch() {},
  }
  const told = []
  return { cursor: new Cursor(store, { draw() {}, rested: (at) => told.push(at) }, epoch), store, told }
}

test("the cursor is at the nearest epoch that has a frame", () => {
  const { cursor } = cursorOver([0, 10, 20, 40], 33)
  assert.equal(cursor.index, 3)
  cursor.epoch = 24
  assert.equal(cursor.index, 2)
})

test("without an epoch the cursor is live, at the last frame; without frames it is nowhere", () => {
  assert.equal(cursorOver([0, 1, 2]).cursor.index, 2)
  assert.ok(cursorOver([0, 1, 2]).cursor.isLive)
  assert.equal(cursorOver([]).cursor.index, -1)
})

test("a class is called so once", () => {
  assert.deepEqual(["3", "class_0", "Class 2", "classic", "cats"].map(className), [
    "class 3",
    "class_0",
    "Class 2",
    "class classic",
    "class cats",
  ])
})

test("a plot has no buttons of its own, which would lie over its legend", () => {
  assert.equal(PLOT_OPTIONS.displayModeBar, false)
})

test("a notice that the verdict says already is not repeated above it", () => {
  const notices = ["LoRA trains few numbers.", "Similar rows mislead."]
  assert.equal(newestNotice({ notices }), "Similar rows mislead.")
  const verdict = { text: "Similar rows mislead. Student and twin are the same: 80.0%." }
  assert.equal(newestNotice({ notices, verdict }), "LoRA trains few numbers.")
  assert.equal(newestNotice({ notices: [], verdict }), undefined)
})

test("every kind of run offers three next steps at its end, and each does something", () => {
  for (const task of ["autoencoder", "language", "classify", "pseudo", "views"]) {
    const done = []
    const all = nextSteps(task, {
      replay: () => done.push("replay"),
      decode: () => done.push("decode"),
      canDecode: () => true,
      go: (id) => done.push(id),
    })
    const steps = all.filter((step) => step.id !== "more") // only where a sign of trouble asks for it
    assert.equal(steps.length, 3, task)
    for (const step of steps) step.run()
    assert.deepEqual(
      done,
      steps.map((step) => step.id),
    )
  }
})

test("addresses that differ in the epoch alone are one place", () => {
  assert.ok(differsOnlyIn("?run=a&epoch=1", "?run=a&epoch=29", ["epoch"]))
  assert.ok(differsOnlyIn("?run=a", "?run=a&epoch=29&beside=2", ["epoch", "beside"]))
  assert.ok(!differsOnlyIn("?run=b&epoch=1", "?run=a&epoch=1", ["epoch"]))
})

test("an epoch that is written late makes no entry in the history, and another run does", () => {
  const before = globalThis.window
  const entries = [new URL("http://studio/autoencoder?run=a")]
  const write = (replaces) => (_state, _unused, url) =>
    entries.splice(replaces ? -1 : entries.length, 1, new URL(url, entries.at(-1)))
  globalThis.window = {
    history: { state: null, pushState: write(false), replaceState: write(true) },
    get location() {
      return entries.at(-1)
    },
  }
  try {
    replaceParam("epoch", 0)
    window.history.pushState({}, "", "/autoencoder?run=a&epoch=29")
    assert.deepEqual(entries.map(String), ["http://studio/autoencoder?run=a&epoch=29"])
    window.history.pushState({}, "", "/autoencoder?run=b")
    window.history.pushState({}, "", "/runs")
    assert.equal(entries.length, 3)
  } finally {
    globalThis.window = before
  }
})

test("a parameter of the address changes in its place, and the rest stays as it is written", () => {
  assert.equal(withParam("", "epoch", 3), "?epoch=3")
  assert.equal(withParam("?run=a%20b&epoch=1&beside=c", "epoch", 12), "?run=a%20b&epoch=12&beside=c")
  assert.equal(withParam("?run=a+b", "epoch", 0), "?run=a+b&epoch=0")
  assert.equal(withParam("?epoch=1&run=a&epoch=2", "epoch", null), "?run=a")
  assert.equal(withParam("?epoch=1", "epoch", null), "")
  assert.equal(withParam("?epochs=1", "epoch", null), "?epochs=1")
  assert.equal(withParam("?run=a", "beside", "c&d"), "?run=a&beside=c%26d")
})
