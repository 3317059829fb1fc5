// Learning from views: cosines of pairs, ranks, comparisons in words, and the panels over a page that only remembers.

import assert from "node:assert/strict"
import { test } from "node:test"
import { fromHalf, parseSafetensors } from "../../assets/web/lib/safetensors.js"
import { layoutOf, metricsOf, titleOf, tracesOf } from "../../assets/web/stage/panels/curves.js"
import { createPairs } from "../../assets/web/stage/panels/map_pairs.js"
import pairsPanel from "../../assets/web/stage/panels/pairs.js"
import { describeCell, orderByClass, reorder } from "../../assets/web/stage/panels/similarity.js"
import { decadesOf, describe as describeSpectrum } from "../../assets/web/stage/panels/spectrum.js"
import spherePanel, { project } from "../../assets/web/stage/panels/sphere.js"
import { createVerdict } from "../../assets/web/stage/verdict.js"
import {
  besideOf,
  compareProbe,
  effectiveRank,
  meanCosines,
  neighborsOf,
  ownCosines,
} from "../../assets/web/stage/views.js"
import { openPage } from "./page.js"

const SIMILARITY = { shape: [2, 2], data: new Float32Array([0.9, 0.1, -0.3, 0.7]) }
const close = (found, expected, within = 1e-5) => assert.ok(Math.abs(found - expected) < within, `${found}`)

test("half precision: ones, fractions, the smallest, the largest, and what is no number", () => {
  assert.deepEqual([0x3c00, 0xc000, 0x3800, 0, 0x7bff].map(fromHalf), [1, -2, 0.5, 0, 65504])
  assert.equal(fromHalf(1), 2 ** -24)
  assert.equal(fromHalf(0xfc00), Number.NEGATIVE_INFINITY)
  assert.ok(Number.isNaN(fromHalf(0x7e00)))
  const text = JSON.stringify({ a: { dtype: "F16", shape: [2], data_offsets: [0, 4] } })
  const file = new Uint8Array(8 + text.length + 4)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
  file.set(new TextEncoder().encode(text), 8)
  file.set([0x00, 0x3c, 0x00, 0xb8], 8 + text.length)
  const { a } = parseSafetensors(file.buffer).arrays
  assert.deepEqual([...a.data], [1, -0.5])
  assert.equal(a.data, a.data, "read once")
})

test("views of one sample are on the diagonal", () => {
  assert.deepEqual([...ownCosines(SIMILARITY)], [...new Float32Array([0.9, 0.7])])
  close(meanCosines(SIMILARITY).own, 0.8)
  close(meanCosines(SIMILARITY).others, -0.1)
})

test("the effective rank counts equal values, and is near 1 of a line", () => {
  close(effectiveRank(new Float32Array([2, 2, 2, 2])), 4, 1e-3)
  close(effectiveRank(new Float32Array([5, 0, 0, 0])), 1, 1e-3)
  assert.equal(effectiveRank(new Float32Array([0, 0])), 0)
  const frame = { epoch: 3, spectrum: { data: new Float32Array([1, 1, 0]) } }
  assert.match(describeSpectrum(frame, "spectrum"), /Effective rank of h 2\.0 of 3 at epoch 3/)
})

test("spectra that are compared have one scale of at most seven decades", () => {
  assert.deepEqual(decadesOf([[50, 0.2], null, undefined]), [-1, 2])
  assert.deepEqual(
    decadesOf([
      [50, 0.2],
      [700, 0.002],
    ]),
    decadesOf([
      [700, 0.002],
      [50, 0.2],
    ]),
  )
  assert.deepEqual(decadesOf([[700, 0.002]]), [-3, 3])
  assert.deepEqual(decadesOf([[50, 1e-12]]), [-5, 2])
  assert.deepEqual(decadesOf([[0, 0]]), [-13, -12], "nothing but zeros")
})

test("the probe is compared with the best that needs no training, by two standard errors", () => {
  const base = {
    raw_probe_accuracy: 0.8,
    pca_probe_accuracy: 0.7,
    untrained_probe_accuracy: null,
    validation_rows: 400,
  } // two errors: .04
  const at = (probe_accuracy, isEnded = true) => compareProbe({ probe_accuracy }, base, isEnded)
  assert.deepEqual(at(0.85), ["better than the raw input", "good"])
  assert.deepEqual(at(0.83), ["about as good as the raw input", "even"])
  assert.deepEqual(at(0.75), ["worse than the raw input", "bad"])
  assert.deepEqual(at(0.75, false), ["not yet as good as the raw input", "even"])
  assert.deepEqual(compareProbe({ probe_accuracy: null }, base, true), ["", ""])
  assert.deepEqual(besideOf(base, "probe_accuracy").length, 2)
  assert.deepEqual(compareProbe({ probe_accuracy: 0.9 }, null, true), ["", ""])
})

test("neighbors are 20 of views and 5 elsewhere, and all references are drawn", () => {
  assert.deepEqual(
    [neighborsOf({ task: "views" }), neighborsOf({ task: "autoencoder" }), neighborsOf()],
    [20, 5, 5],
  )
  assert.match(titleOf("knn_accuracy", { task: "views" }), /^20 nearest/)
  const theme = {
    text: "#111",
    muted: "#888",
    border: "#ddd",
    panel: "#eee",
    background: "#fff",
    font: "sans",
  }
  const view = {
    rows: [],
    earlyRows: [],
    epochRows: [0, 1].map((epoch) => ({ epoch, knn_accuracy: 0.5 })),
    state: {
      task: "views",
      epochs: 2,
      baseline: { raw_knn_accuracy: 0.4, pca_knn_accuracy: 0.5, untrained_knn_accuracy: 0.3 },
    },
    theme,
  }
  const traces = tracesOf(view, "knn_accuracy").slice(1)
  assert.deepEqual(
    traces.map(({ name, y }) => [name, y[0]]),
    [
      ["raw input", 0.4],
      ["PCA of the same size", 0.5],
      ["untrained network", 0.3],
    ],
  )
  assert.equal(new Set(traces.map(({ line }) => line.dash)).size, 3, "told apart without color")
  assert.equal(layoutOf(view, { metric: "knn_accuracy", cursor: 1, times: 0 }).yaxis.type, "linear")
})

test("the supervised twin is a dashed curve beside the probe's, and none of the list", () => {
  const row = { epoch: 1, probe_accuracy: 0.7, twin_probe_accuracy: 0.6, twin_trained: 0.5, rankme: 9 }
  assert.deepEqual(metricsOf(row), ["probe_accuracy", "rankme"])
  const view = {
    rows: [],
    earlyRows: [],
    epochRows: [{ ...row, epoch: 0, twin_probe_accuracy: 0.1 }, row],
    state: { task: "views", epochs: 1, baseline: { raw_probe_accuracy: 0.5 } },
    theme: { muted: "#888" },
  }
  const [, twin, raw] = tracesOf(view, "probe_accuracy")
  assert.deepEqual([twin.name, twin.y, twin.line.dash], ["supervised twin", [0.1, 0.6], "dash"])
  assert.notEqual(twin.line.color, raw.line.color)
  const without = { ...view, epochRows: [{ epoch: 0, probe_accuracy: 0.7 }] }
  assert.equal(tracesOf(without, "probe_accuracy").length, 2)
})

test("a cell of the similarity is said in words", () => {
  const statics = { tile_labels: { data: [1, -1] }, classes: ["a", "b"] }
  assert.equal(describeCell(statics, SIMILARITY, 0, 0), "Both views of sample 1 (b): cosine 0.90")
  assert.equal(
    describeCell(statics, SIMILARITY, 1, 0),
    "View 1 of sample 2, view 2 of sample 1 (b): cosine -0.30",
  )
})

test("samples of one class lie side by side, in rows and columns alike", () => {
  const order = orderByClass(new Int32Array([1, 0, 1, 0]))
  assert.deepEqual(order, [1, 3, 0, 2])
  assert.deepEqual([...reorder({ shape: [2, 2], data: [1, 2, 3, 4] }, [1, 0])], [4, 3, 2, 1])
})

test("pairs are listed in their order, or the least similar first", () => {
  openPage()
  const [head, body, foot] = ["div", "div", "div"].map((tag) => document.createElement(tag))
  const panel = pairsPanel.create({ head, body, foot })
  const statics = {
    kind: "text",
    shape: [3],
    classes: ["a", "b"],
    view_one: { shape: [2, 3], data: new Uint8Array(6) },
    view_two: { shape: [2, 3], data: new Uint8Array(6) },
    tile_labels: { data: [0, 1] },
    tile_rows: { data: [7, 9] },
    rows: { data: [9, 7] },
    texts: ["nine", "seven"],
  }
  const view = { statics, frame: { epoch: 2, similarity: SIMILARITY } }
  panel.update(view)
  const shown = () => body.all((node) => node.tagName === "LI").map((node) => node.textContent)
  assert.deepEqual(shown(), ["sevena0.90", "nineb0.70"])
  head.byId("pairs-sort").click()
  assert.deepEqual(shown(), ["nineb0.70", "sevena0.90"])
  assert.match(panel.summary(view), /mean cosine of 0\.80.* different samples -0\.10/)
  assert.match(panel.summary(view), /At epoch 2 .* from 0\.70 to 0\.90/)
  assert.match(panel.summary({}), /No pairs/)
})

test("lines of the map are drawn from first to second views, and can be turned off", () => {
  openPage()
  const lines = []
  const pen = {
    save() {},
    restore() {},
    beginPath() {},
    stroke() {},
    arc() {},
    fill() {},
    moveTo: (...at) => lines.push([at]),
    lineTo: (...at) => lines.at(-1).push(at),
  }
  const pairs = createPairs(() => null, 0)
  pairs.draw(pen, (x, y) => [x, y], "#000")
  assert.ok(pairs.button.hidden || pairs.button.attributes.hidden !== undefined)
  const frame = {
    map: { shape: [2, 2], data: new Float32Array([-1, 0, 1, 0]) },
    map_beside: { shape: [4, 2], data: new Float32Array([0, 0, 3, 4, 1, 1, 1, 1]) },
  }
  pairs.take(frame)
  pairs.draw(pen, (x, y) => [x, y], "#000")
  assert.deepEqual(lines, [
    [
      [0, 0],
      [3, 4],
    ],
    [
      [1, 1],
      [1, 1],
    ],
  ])
  assert.match(pairs.words(frame), /2\.50 times as far apart/)
  pairs.button.click()
  lines.length = 0
  pairs.draw(pen, (x, y) => [x, y], "#000")
  assert.deepEqual(lines, [])
  assert.equal(pairs.words({}), "")
})

test("a circle lies as it is; a sphere keeps its points on the disc, however it is turned", () => {
  assert.deepEqual(project([0, 1], 0, 2, [1, 1], [50, 50, 40]), [50, 10, 0])
  for (const angles of [
    [0, 0],
    [1.2, -0.7],
    [-3, 1.5],
  ]) {
    const [x, y, depth] = project([0.6, 0, 0.8], 0, 3, angles, [0, 0, 1])
    close(Math.hypot(x, y, depth), 1)
  }
  assert.deepEqual(
    [{ sphere: {} }, {}, null].map((frame) => spherePanel.isFor({ frame })),
    [true, false, false],
  )
})

test("the verdict has the probe beside its references, then the run's own words and its alarm", () => {
  openPage()
  const opened = []
  const explained = {
    signs: { "complete-collapse": { lesson: 9, step: 3 } },
    verdicts: { hurt: { lesson: 9, step: 2 } },
    open: (place) => opened.push(place),
  }
  const { root, update } = createVerdict(explained)
  const state = {
    task: "views",
    status: "running",
    epoch: 1,
    epochs: 3,
    code_size: 128,
    baseline: { raw_probe_accuracy: 0.5, untrained_probe_accuracy: 0.4, validation_rows: 100 },
    seconds: 5,
    seconds_left: 9,
  }
  const signs = [{ code: "complete-collapse", text: "Complete collapse.", remedy: "Take it back." }]
  const row = {
    epoch: 1,
    probe_accuracy: 0.9,
    twin_probe_accuracy: 0.6,
    knn_accuracy: 0.8,
    rankme: 20,
    signs: [],
  }
  update({ state, row })
  assert.match(root.textContent, /supervised twin 60\.0%/)
  assert.match(root.textContent, /better than the raw input.*linear classifier 90\.0%.*raw input 50\.0%/)
  assert.match(root.textContent, /20 nearest neighbors 80\.0%.*effective rank of the code h 20\.0 of 128/)
  const done = {
    ...state,
    status: "finished",
    verdict: { outcome: "hurt", text: "It is worse. 40.5% here." },
  }
  update({ state: done, row: { ...row, signs } })
  const [word, rest] = root.children[0].children
  assert.deepEqual([word.tagName, word.textContent], ["STRONG", "It is worse."], "only the answer is bold")
  assert.equal(rest.textContent, "40.5% here.")
  assert.match(root.textContent, /Complete collapse\. Take it back\./)
  const linksIn = (node) =>
    node.tagName === "A" ? [node] : (node.children ?? []).flatMap((child) => linksIn(child))
  const links = linksIn(root)
  assert.deepEqual(
    links.map((link) => [link.textContent, link.getAttribute("href")]),
    [
      ["What does this mean? Lesson 9", "?lesson=9&step=2"],
      ["What does this mean? Lesson 9", "?lesson=9&step=3"],
    ],
  )
  for (const link of links) link.listeners.click({ preventDefault() {} })
  assert.deepEqual(
    opened.map(({ step }) => step),
    [2, 3],
  )
  update({ state, row })
  assert.equal(linksIn(root).length, 0, "while there is neither verdict nor alarm")
})
