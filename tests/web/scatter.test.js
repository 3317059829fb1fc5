// Pure parts of the map: polygons, the grid, shapes and colors, places as bytes, the view, sizes.

import assert from "node:assert/strict"
import { test } from "node:test"
import { createGrid } from "../../assets/web/scatter/grid.js"
import { actOf, nextPoint } from "../../assets/web/scatter/keys.js"
import { between, ease, followLimits, limitsOf, pack, unpack } from "../../assets/web/scatter/layout.js"
import { drawPicture } from "../../assets/web/scatter/overlay.js"
import { cornersOf, listenToPointer } from "../../assets/web/scatter/pointer.js"
import { createSelection, fromBits, inPolygon, isInside, toBits } from "../../assets/web/scatter/select.js"
import { colorTable, OUTLINES, ramp, shapeOf, toRgb, UNKNOWN } from "../../assets/web/scatter/shapes.js"
import { shiftOf, sizeOf, thin } from "../../assets/web/scatter/sizes.js"
import {
  alphaOf,
  CHOSEN,
  DIM,
  FAINT,
  HIDDEN,
  LARGE,
  levelOf,
  scaleOf,
} from "../../assets/web/scatter/standing.js"
import { createView } from "../../assets/web/scatter/view.js"

/** Numbers from 0 to 1, the same in each run. */
function numbers(seed = 1) {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

function cloud(count, seed = 1) {
  const draw = numbers(seed)
  const places = Float32Array.from({ length: 2 * count }, () => 20 * draw() - 10)
  return { xs: places.filter((_, i) => i % 2 === 0), ys: places.filter((_, i) => i % 2), places }
}

test("a point is in a polygon by the even-odd rule", () => {
  const square = [0, 0, 4, 0, 4, 4, 0, 4]
  assert.ok(isInside(1, 1, square))
  assert.ok(!isInside(5, 1, square))
  assert.ok(!isInside(-1, 4, square))
  // A figure of eight covers its middle twice, so that is outside.
  const twice = [0, 0, 4, 0, 4, 4, 0, 4, 0, 0, 1, 1, 3, 1, 3, 3, 1, 3, 1, 1]
  assert.ok(isInside(0.5, 2, twice))
  assert.ok(!isInside(2, 2, twice))
  assert.ok(!isInside(0, 0, []))
})

test("a polygon finds through the grid what it finds without", () => {
  const { xs, ys } = cloud(3000)
  const grid = createGrid(xs, ys)
  const star = Array.from({ length: 10 }, (_, i) => {
    const r = i % 2 ? 3 : 8
    return [1 + r * Math.cos((i * Math.PI) / 5), -2 + r * Math.sin((i * Math.PI) / 5)]
  }).flat()
  const found = []
  inPolygon(grid, xs, ys, star, (i) => found.push(i))
  const expected = Array.from(xs.keys()).filter((i) => isInside(xs[i], ys[i], star))
  assert.ok(expected.length > 100)
  assert.deepEqual(
    found.sort((a, b) => a - b),
    expected,
  )
})

test("the nearest point is the nearest, within reach, of those that are there", () => {
  const { xs, ys } = cloud(500, 7)
  const grid = createGrid(xs, ys)
  const distance = (i, x, y) => Math.hypot(xs[i] - x, ys[i] - y)
  for (const [x, y] of [
    [0, 0],
    [9.9, -9.9],
    [-30, 2],
  ]) {
    const best = Array.from(xs.keys()).reduce((a, b) => (distance(b, x, y) < distance(a, x, y) ? b : a))
    assert.equal(grid.nearest(x, y, Infinity), best)
    assert.notEqual(
      grid.nearest(x, y, Infinity, (i) => i !== best),
      best,
    )
  }
  assert.equal(grid.nearest(-30, 2, 1), -1)
})

test("a grid of one point and of points at one place answers", () => {
  assert.equal(createGrid([3], [4]).nearest(3, 4, 1), 0)
  assert.notEqual(createGrid([1, 1, 1], [2, 2, 2]).nearest(1, 2, 0.1), -1)
})

test("a hundred classes differ in color or shape, and the table says both", () => {
  const palette = Array.from({ length: 10 }, (_, i) => `#0000${i}0`)
  const table = colorTable({ kind: "category" }, palette)
  const gray = [...colorTable({ kind: "category", others: 3 }, palette).subarray(12, 15)]
  assert.deepEqual(gray, [...table.subarray(4 * 255, 4 * 255 + 3)])
  const looks = new Set(Array.from({ length: 100 }, (_, i) => table.slice(4 * i, 4 * i + 4).join()))
  assert.equal(looks.size, 100)
  assert.equal(table[4 * 13 + 3], shapeOf(13))
  assert.equal(shapeOf(UNKNOWN), 0)
  assert.equal(shapeOf(-1), 0)
  assert.equal(OUTLINES.length, 10)
})

test("numbers are colored evenly, with one shape", () => {
  const table = colorTable({ kind: "number" }, [])
  assert.deepEqual([...table.slice(0, 3)], ramp(0))
  assert.deepEqual([...table.slice(4 * 254, 4 * 254 + 3)], ramp(1))
  for (let i = 0; i < 255; i++) assert.equal(table[4 * i + 3], 0)
  assert.deepEqual(ramp(-1), ramp(0))
  assert.deepEqual(ramp(2), ramp(1))
})

test("a legend may bring its own table", () => {
  const table = new Uint8Array(1024)
  assert.equal(colorTable({ kind: "table", table }, []), table)
})

test("colors of a theme are read in both spellings", () => {
  assert.deepEqual(toRgb("#0a10ff"), [10, 16, 255])
  assert.deepEqual(toRgb("rgb(1, 2, 3)"), [1, 2, 3])
  assert.deepEqual(toRgb("rgb(1 2 3)"), [1, 2, 3])
})

test("up to 20,000 points more than ten classes are drawn large enough for their shapes", () => {
  for (const count of [10, 500, 2500, 12_000, 20_000]) assert.ok(sizeOf(count, 11) >= 5.5, String(count))
  assert.equal(sizeOf(20_000, 10), 3)
  assert.equal(sizeOf(1_000_000, 50), 1.4)
  for (const [few, many] of [
    [500, 501],
    [2500, 12_000],
    [50_000, 100_000],
  ])
    assert.ok(sizeOf(few) >= sizeOf(many))
})

test("places come back from two bytes to within a step", () => {
  const { places } = cloud(400, 3)
  const { points, head } = pack(places)
  const { xs, ys } = unpack(points, head)
  const step = head.size / 65_535
  for (let i = 0; i < 400; i++) {
    assert.ok(Math.abs(xs[i] - places[2 * i]) <= step)
    assert.ok(Math.abs(ys[i] - places[2 * i + 1]) <= step)
  }
})

test("no points and one point can be packed", () => {
  assert.equal(pack([]).points.length, 0)
  const { points, head } = pack([2, 3])
  assert.deepEqual([...points], [0, 0])
  assert.deepEqual(head.low, [2, 3])
})

test("half-way lies half-way, though the squares differ", () => {
  const from = pack([0, 0, 10, 10])
  const to = pack([100, 0, 110, 30])
  const middle = between(from, to, 0.5)
  const { xs, ys } = unpack(middle.points, middle.head)
  for (const [found, wanted] of [
    [xs[0], 50],
    [xs[1], 60],
    [ys[1], 20],
  ])
    assert.ok(Math.abs(found - wanted) < 0.01)
  assert.equal(ease(0), 0)
  assert.equal(ease(0.5), 0.5)
  assert.equal(ease(1), 1)
})

test("limits leave outliers out, and follow softly", () => {
  const { places } = cloud(1000, 5)
  places[0] = 1e6
  const limits = limitsOf(places)
  assert.ok(limits[2] < 20 && limits[0] > -20)
  assert.equal(followLimits(null, limits), limits)
  const [x0] = followLimits([0, 0, 10, 10], [1, 0, 11, 10])
  assert.ok(Math.abs(x0 - 0.35) < 1e-9)
  const [, , far] = followLimits([0, 0, 10, 10], [0, 0, 100, 100])
  assert.ok(Math.abs(far - 73) < 1e-9)
})

test("the screen and the map are each other's inverse, and all is seen", () => {
  const view = createView(() => [800, 600])
  view.setLimits([-2, -1, 6, 3])
  for (const [x, y] of [
    [-2, -1],
    [6, 3],
    [1, 1],
  ]) {
    assert.ok(view.isSeen(x, y))
    const [bx, by] = view.toData(...view.toScreen(x, y))
    assert.ok(Math.abs(bx - x) < 1e-9 && Math.abs(by - y) < 1e-9)
  }
  assert.equal(view.zoom(), 1)
})

test("what is under the pointer stays there in a zoom, which has ends", () => {
  const view = createView(() => [800, 600])
  view.setLimits([0, 0, 1, 1])
  const before = view.toData(200, 150)
  view.zoomBy(3, 200, 150)
  const after = view.toData(200, 150)
  assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) < 1e-9)
  view.zoomBy(1e9, 0, 0)
  assert.ok(view.zoom() <= 400.001)
  view.zoomBy(1e-9, 0, 0)
  assert.ok(view.zoom() >= 0.299)
})

test("a part that is looked at stays the same part when the map grows", () => {
  const view = createView(() => [800, 600])
  view.setLimits([0, 0, 1, 1])
  view.zoomBy(4, 100, 100)
  const before = view.toScreen(0.2, 0.9)
  view.setLimits([0, 0, 10, 10])
  const after = view.toScreen(2, 9)
  assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) < 1e-6)
  assert.ok(Math.abs(view.zoom() - 4) < 1e-9)
  view.setLimits([5, 5, 6, 6], true)
  assert.equal(view.zoom(), 1)
})

test("points are drawn in the order of their standing", () => {
  assert.equal(levelOf(HIDDEN | LARGE, false), DIM)
  assert.equal(levelOf(0, true), DIM)
  assert.ok(levelOf(FAINT, false) < levelOf(CHOSEN, false))
  assert.ok(levelOf(CHOSEN, true) < levelOf(LARGE | CHOSEN, true))
})

test("a selection as bits comes back the same", () => {
  const draw = numbers(11)
  for (const n of [1, 7, 8, 9, 70_001]) {
    const mask = Uint8Array.from({ length: n }, () => (draw() > 0.6 ? 1 : 0))
    const back = new Uint8Array(n)
    fromBits(toBits(mask), back)
    assert.deepEqual(back, mask)
  }
})

test("selections are replaced, added to and taken from, and say so", () => {
  const selection = createSelection(6)
  const heard = []
  const stop = selection.watch((origin) => heard.push([origin, selection.size]))
  selection.change([1, 2], "replace")
  selection.change([2, 3], "add")
  selection.change([1], "subtract", "mirror")
  assert.deepEqual(selection.places(), [2, 3])
  selection.clear()
  selection.clear()
  stop()
  selection.change([0], "add")
  assert.deepEqual(heard, [
    ["hand", 2],
    ["hand", 3],
    ["mirror", 2],
    ["hand", 0],
  ])
})

test("a thumbnail at the edge of the map is drawn whole, and so is its frame", () => {
  for (const [x, y] of [
    [0, 0],
    [300, 200],
    [-5, 100],
    [150, 100],
  ]) {
    for (const picture of [
      { width: 28, height: 28 },
      { width: 64, height: 16 },
      { width: 16, height: 64 },
    ]) {
      const boxes = []
      const pen = { drawImage: (_, ...box) => boxes.push(box), strokeRect: (...box) => boxes.push(box) }
      drawPicture(pen, picture, x, y, { color: "red", alpha: 1, width: 300, height: 200 })
      assert.equal(boxes.length, 2)
      for (const [left, top, w, h] of boxes) {
        assert.ok(left >= 1 && top >= 1 && left + w <= 299 && top + h <= 199, `${x}, ${y}: ${left}, ${top}`)
      }
    }
  }
})

test("a machine that is slow draws fewer points on their way, and more again when it is quick", () => {
  assert.equal(thin(1, 30, 100_000), 1)
  assert.equal(thin(1, 100, 100_000), 4)
  assert.equal(thin(8, 1000, 1e7), 32, "no more than WebGL can skip")
  assert.equal(thin(1, 1000, 9_000), 1, "few points are all drawn")
  assert.equal(thin(4, 10, 100_000), 2)
  assert.equal(thin(1, 10, 100_000), 1)
})

test("a picture is moved as far as what was drawn beyond its edges", () => {
  const drawn = { x: 0, y: 0, k: 100, mx: 160, my: 120 }
  assert.deepEqual(shiftOf(drawn, { x: 1, y: -0.5, k: 100 }, 800, 600), { dx: -100, dy: -50, scale: 1 })
  assert.equal(shiftOf(drawn, { x: 1.7, y: 0, k: 100 }, 800, 600), null)
  assert.equal(shiftOf(drawn, { x: 0, y: -1.3, k: 100 }, 800, 600), null)
  assert.equal(shiftOf(drawn, { x: 0, y: 0, k: 60 }, 800, 600), null, "too coarse")
  assert.equal(shiftOf(drawn, { x: 0, y: 0, k: 260 }, 800, 600), null)
  assert.equal(shiftOf(drawn, { x: 0, y: 0, k: 80 }, 800, 600).scale, 0.8)
})

test("keys walk, move, zoom and select; others are left to the page", () => {
  assert.deepEqual(actOf({ key: "ArrowUp" }), ["walk", [0, 1]])
  assert.deepEqual(actOf({ key: "ArrowLeft", shiftKey: true }), ["pan", [-1, 0]])
  assert.deepEqual(actOf({ key: "=" }), ["zoom", 1.4])
  assert.deepEqual(actOf({ key: "-" }), ["zoom", 1 / 1.4])
  assert.deepEqual(
    ["0", "Enter", " ", "Escape"].map((key) => actOf({ key })[0]),
    ["all", "pick", "toggle", "clear"],
  )
  assert.deepEqual(actOf({ key: "a", metaKey: true }), ["selectShown"])
  for (const key of ["a", "b", "Tab"]) assert.deepEqual(actOf({ key }), [], key)
})

test("the next point lies within 45 degrees and is the nearest there; without one the focus stays", () => {
  const xs = [0, 2, 1, -3, 5]
  const ys = [0, 0.5, 4, 0, 0]
  const all = () => true
  assert.equal(nextPoint(xs, ys, 0, [1, 0], all), 1)
  assert.equal(
    nextPoint(xs, ys, 0, [1, 0], (i) => i !== 1),
    4,
  )
  assert.equal(nextPoint(xs, ys, 0, [0, 1], all), 2)
  assert.equal(nextPoint(xs, ys, 0, [-1, 0], all), 3)
  assert.equal(nextPoint(xs, ys, 0, [0, -1], all), 0)
})

test("a box is a polygon of four corners", () => {
  assert.deepEqual(cornersOf([1, 2, 5, 6]), [1, 2, 5, 2, 5, 6, 1, 6])
})

test("faint points are small and pale, large ones larger, dim ones as dim as the theme says", () => {
  const look = { alpha: 0.8, dim: 0.25 }
  const levels = [DIM, levelOf(FAINT, false), levelOf(0, false), levelOf(LARGE, false)]
  assert.deepEqual(levels.map(scaleOf), [1, 0.7, 1, 2.2])
  assert.deepEqual(
    levels.map((level) => +alphaOf(look, level).toFixed(3)),
    [0.2, 0.32, 0.8, 0.8],
  )
})

/** An element that only remembers who listens, and what a map would be told. */
function pointed(mode) {
  const listeners = {}
  const over = {
    addEventListener(kind, listener) {
      listeners[kind] = listener
    },
    getBoundingClientRect: () => ({ left: 100, top: 50 }),
    focus() {},
    setPointerCapture() {},
  }
  globalThis.document = { activeElement: null }
  const told = []
  const note =
    (name) =>
    (...values) => {
      told.push([name, ...values.filter((value) => !value?.clientX && value !== undefined)])
    }
  const acts = Object.fromEntries(
    ["hover", "leave", "click", "press", "pan", "draw", "path", "rest", "end", "zoom"].map((n) => [
      n,
      note(n),
    ]),
  )
  const pointer = listenToPointer(over, { ...acts, mode: () => mode, begin: () => [7, 8] })
  const send = (kind, x, y, more = {}) =>
    listeners[kind]({ clientX: 100 + x, clientY: 50 + y, button: 0, preventDefault() {}, ...more })
  return { over, pointer, send, told }
}

test("a drag in mode pan moves the map from where it was, and a still one is a click", () => {
  const { send, told, pointer } = pointed("pan")
  send("pointermove", 5, 5)
  send("pointerdown", 10, 10)
  send("pointermove", 30, 15)
  send("pointerup", 30, 15)
  assert.deepEqual(told, [["hover", [5, 5]], ["pan", [7, 8], 20, 5], ["rest"], ["end"]])
  told.length = 0
  send("pointerdown", 10, 10)
  send("pointermove", 12, 11)
  send("pointerup", 12, 11)
  assert.deepEqual(told.at(-2), ["click", [12, 11], false])
  assert.equal(pointer.path, null)
  told.length = 0
  send("pointerdown", 10, 10, { button: 2 })
  send("pointerup", 10, 10)
  assert.deepEqual(told, [], "other buttons are the browser's")
})

test("a lasso is a path while it is drawn, a box has four corners", () => {
  const lasso = pointed("lasso")
  lasso.send("pointerdown", 0, 0)
  lasso.send("pointermove", 1, 0) // too near to count
  lasso.send("pointermove", 10, 0)
  lasso.send("pointermove", 10, 10)
  assert.deepEqual(lasso.pointer.path, [0, 0, 10, 0, 10, 10])
  lasso.send("pointerup", 10, 10)
  assert.deepEqual(lasso.told.at(-2), ["path", [0, 0, 10, 0, 10, 10]])
  assert.equal(lasso.pointer.path, null)
  const box = pointed("box")
  box.send("pointerdown", 1, 2)
  box.send("pointermove", 9, 8)
  box.send("pointerup", 9, 8)
  assert.deepEqual(box.told.at(-2), ["path", [1, 2, 9, 2, 9, 8, 1, 8]])
  box.send("pointerdown", 1, 2)
  box.send("pointercancel", 1, 2)
  assert.equal(box.pointer.path, null)
})

test("in mode press each move decodes, unless Shift selects a second sample", () => {
  const { send, told } = pointed("press")
  send("pointerdown", 1, 1)
  send("pointermove", 20, 20)
  send("pointerup", 20, 20)
  assert.deepEqual(told, [["press", [1, 1], true], ["press", [20, 20], false], ["end"]])
  told.length = 0
  send("pointerdown", 1, 1, { shiftKey: true })
  send("pointerup", 1, 1, { shiftKey: true })
  assert.deepEqual(told, [["click", [1, 1], false], ["end"]])
})

test("the wheel zooms only a map that was clicked, or with Ctrl", () => {
  const { over, send, told } = pointed("pan")
  send("wheel", 3, 4, { deltaY: -100 })
  assert.deepEqual(told, [])
  send("wheel", 3, 4, { deltaY: -100, ctrlKey: true })
  document.activeElement = over
  send("wheel", 3, 4, { deltaY: 100 })
  assert.deepEqual(
    told.map(([, factor, at]) => [factor > 1, at]),
    [
      [true, [3, 4]],
      [false, [3, 4]],
    ],
  )
})
