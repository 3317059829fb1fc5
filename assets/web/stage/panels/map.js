// Latent map: one point a sample, colored and shaped by class; keeps its zoom, flows from epoch to epoch. A press on it
// decodes that place, a click chooses a sample. Points are drawn by scatter/plot.js, as on the page Latent space.
// Long, because it is one closure: legend, colors, keys and decoding all act on the same view, chosen class and plot; what
// needs none of them is in glyphs.js, map_card.js, looks.js and probe.js.

import { el, percent, placeCardAt, setText, sizeCanvas } from "../../lib/dom.js"
import { addShape, COLORS, classColor } from "../../lib/palette.js"
import { shortlist } from "../../lib/shortlist.js"
import { tr } from "../../lib/words.js"
import { followLimits, limitsOf, pack } from "../../scatter/layout.js"
import { createPlot } from "../../scatter/plot.js"
import { toRgb, UNKNOWN } from "../../scatter/shapes.js"
import { momentOf } from "../store.js"
import { neighborsOf } from "../views.js"
import { drawGlyphs } from "./glyphs.js"
import { cardOf } from "./map_card.js"
import { createPairs } from "./map_pairs.js"
import { createProbe } from "./probe.js"
import { createUmap } from "./umap.js"

const MORPH_MS = 140
const HIT = 14
const NUDGE = 0.02
const WHITE = [255, 255, 255]

/** Whether points can be decoded: not before the first epoch, and the weights of a step within one are not kept. */
export const decodesAt = (view) =>
  Boolean(view?.frame) && view.state?.can_decode !== false && !view.frame.step

export default {
  id: "map",
  get title() {
    return tr("Latent map")
  },
  /** @param makeLooks for a task whose points are not simply colored by class: see looks.js */
  create(root, ctx, makeLooks = null) {
    const ground = el("div", { class: "stage-ground" })
    const card = el("div", { class: "stage-card stage-floating", hidden: true })
    const legend = el("div", { class: "stage-legend", role: "group", "aria-label": tr("Classes") })
    const note = el("p", { class: "stage-note" })
    root.body.append(ground, card)
    root.foot.append(legend)
    let view = null
    let limits = null
    let chosen = -1
    let isMoving = false
    let colored = []
    let isUmap = false // what is drawn now

    const plot = createPlot(ground, {
      palette: COLORS,
      text: "#1b2430",
      background: "#ffffff",
      isDark: false,
      morphMs: ctx.morphMs ?? MORPH_MS,
      isKept: true,
      canHover: () => !probe.place,
      onHover: hover,
      onPick: (place, event) => pick(place, event),
      onPress: press,
      onKey: key,
      onView: () => probe.wantLattice(),
      drawBehind: (pen) => probe.drawBehind(pen),
      drawOver,
    })
    plot.over.classList.add("stage-map")
    const middle = () => [plot.over.clientWidth / 2, plot.over.clientHeight / 2]
    const probe = createProbe(root, ctx, {
      toData: plot.toData,
      toScreen: plot.toScreen,
      redraw: plot.redraw,
      size: () => [plot.over.clientWidth, plot.over.clientHeight],
    })
    const pairs = createPairs(plot.redraw, MORPH_MS)
    const umap = createUmap(ctx, () => {
      if (umap.isOn) probe.leave()
      if (umap.isOn && probe.hasLattice) showLattice()
      if (view?.frame && view.statics) update(view, true)
    })
    const canDecode = () => decodesAt(view) && !umap.isOn && !ctx.isWatched // a UMAP is no plane of codes
    const decodes = () => canDecode() && !isMoving

    const chip = (id, text, label, onclick) =>
      el(
        "button",
        {
          class: "stage-chip",
          type: "button",
          "aria-pressed": "false",
          title: label,
          "data-testid": `map-${id}`,
          onclick,
        },
        text,
      )
    const tool = (text, label, onclick) =>
      el("button", { class: "stage-chip", type: "button", "aria-label": label, title: label, onclick }, text)
    const move = chip("move", tr("move"), tr("Drag to move the map instead of decoding it"), () => {
      isMoving = !isMoving
      move.setAttribute("aria-pressed", String(isMoving))
      setMode()
      if (isMoving) probe.leave()
    })
    const showLattice = () => {
      const isOn = probe.toggleLattice()
      lattice.setAttribute("aria-pressed", String(isOn))
      setStyle()
    }
    const lattice = chip(
      "lattice",
      tr("Decode the whole map"),
      tr("Show the decoder's output for every point of the plane"),
      showLattice,
    )
    // What the map can do beside being looked at is said where it is done.
    const hint = el(
      "div",
      { class: "stage-hint" },
      lattice,
      el("span", {}, tr("Drag on the map to decode any point.")),
    )
    // Below the map, where it can have as many lines as it needs.
    root.foot.prepend(el("div", { class: "stage-hint" }, note, umap.said), hint)
    root.head.append(
      pairs.button,
      ...(ctx.isWatched ? [] : [umap.button]), // a question, which watchers may not ask
      move,
      tool("+", tr("Zoom in (also: click the map, then turn the wheel)"), () => plot.zoomBy(1.5)),
      tool("−", tr("Zoom out (double click shows all)"), () => plot.zoomBy(1 / 1.5)),
    )
    const looks = makeLooks?.(root.head, () => {
      chosen = -1
      recolor()
      drawLegend()
    })

    function update(next, isOther = false) {
      const isNew = isOther || (next.frame && next.frame !== view?.frame)
      const isOtherTheme = next.theme.id !== view?.theme.id
      view = next
      if (isOtherTheme)
        plot.setTheme(view.theme.text, view.theme.background, view.theme.isDark, view.theme.font)
      for (const node of [hint, move]) node.hidden = !canDecode()
      if (!view.frame || !view.statics) return
      if (isNew) take(view.frame)
      looks?.update(view)
      recolor()
      drawLegend()
      plot.setMarks(marks())
      lattice.hidden = !canDecode() || view.statics.shape.length < 2
      setMode()
      setStyle()
      describe()
      if (canDecode()) probe.update(view)
    }

    function take(frame) {
      const places = umap.isOn ? umap.placesOf(frame, limits) : flat(frame.map)
      if (places || !umap.isOn) isUmap = umap.isOn
      setText(note, noteOf(frame))
      if (!places) return // the layout before stays until this one is made
      pairs.take(isUmap ? {} : frame)
      limits = followLimits(limits, limitsOf(places))
      const { points, head } = pack(places)
      plot.setPoints(points, head, limits)
      if (plot.hovered >= 0 && !card.hidden) fillCard(plot.hovered)
    }

    function noteOf(frame) {
      if (isUmap) return tr("UMAP: neighbors stay together, distances between groups mean little")
      return frame.explained
        ? tr("{map}, {share} of its variance", { map: view.state.map, share: percent(frame.explained, 0) })
        : view.state.map
    }

    function setMode() {
      plot.setMode(decodes() ? "press" : "pan")
    }

    function setStyle() {
      plot.setStyle({ hasRim: probe.hasLattice, color: WHITE, isBare: Boolean(view?.statics?.glyphs) })
    }

    function marks() {
      const { first, second } = ctx.selection
      return [
        [first, "A"],
        [second, "B"],
      ]
        .filter(([place]) => place !== null)
        .map(([place, text]) => ({ place, text }))
    }

    /** Colors again when anything that they depend on has changed. */
    function recolor() {
      const { labels, classes } = view.statics
      const now = [labels.data, looks?.key, view.theme.id, chosen, view.frame.seen]
      if (now.every((value, i) => value === colored[i])) return
      colored = now
      if (looks) plot.setColors(looks.codes(), looks.table())
      else if (classes.length) {
        // Colors and shapes repeat after a hundred classes.
        const codes = Uint8Array.from(labels.data, (label) => (label < 0 ? UNKNOWN : label % 100))
        plot.setColors(codes, { kind: "category", names: classes })
      } else {
        const table = new Uint8Array(4 * 256)
        table.set([...toRgb(view.theme.primary), 0])
        plot.setColors(new Uint8Array(labels.data.length), { kind: "table", table })
      }
      // In the middle of an epoch only some points are looked at; the others stay where they were, pushed back.
      const isPushed = (group, i) => (chosen >= 0 && !isChosen(group)) || !isSeen(i)
      const hidden =
        chosen >= 0 || view.frame.seen
          ? Uint8Array.from(groupsOf(), (group, i) => Number(isPushed(group, i)))
          : null
      plot.setStanding(hidden, looks?.standing() ?? null)
    }

    const isSeen = (i) => !view.frame.seen || view.frame.seen.data[i] > 0
    const groupsOf = () => looks?.groups ?? view.statics.labels.data
    const isChosen = (group) => (looks ? looks.entryOf(group) : group) === chosen

    function describe() {
      const { glyphs, labels } = view.statics
      const what = { count: labels.data.length, moment: momentOf(view.frame, unitOf(view.state)) }
      const of = glyphs
        ? tr("Map of {count} tokens at {moment}", what)
        : tr("Map of {count} samples at {moment}", what)
      const keys = canDecode() ? tr("Enter decodes a point, arrow keys move it, Escape ends.") : ""
      plot.over.setAttribute("aria-label", `${of}${looks ? `, ${looks.name}` : ""}. ${keys}`.trim())
    }

    function drawOver(pen) {
      if (!view?.frame || !view.statics) return
      if (view.statics.glyphs) drawGlyphs(pen, plot, view.statics, view.theme, chosen)
      pairs.draw(pen, plot.toScreen, view.theme.text)
      probe.drawOver(pen)
      plot.over.dataset.probe = probe.place ? probe.place.map((v) => v.toFixed(4)).join(",") : ""
      plot.over.dataset.zoom = plot.zoom.toFixed(3)
    }

    function drawLegend() {
      const { classes, labels } = view.statics
      if (!classes.length || (!looks && legend.childElementCount)) return
      const counts = new Map()
      for (const label of labels.data) counts.set(label, (counts.get(label) ?? 0) + 1)
      const present =
        looks?.legend() ??
        [...counts.keys()]
          .sort((a, b) => a - b)
          .map((label) => ({
            entry: label,
            text: label >= 0 ? classes[label] : tr("no label"),
            size: counts.get(label),
            color: classColor(label),
            shape: label,
          }))
      // The same buttons stay while they say the same, so that focus is not lost from epoch to epoch.
      const said = present.map(({ text, color }) => `${text} ${color}`).join("|")
      if (legend.dataset.key === said) return
      legend.dataset.key = said
      const isKept = ({ entry }) => entry === chosen
      legend.replaceChildren(...shortlist(present, legendChip, { isKept }))
    }

    function legendChip({ entry, text, color, shape }) {
      const swatch = el("canvas", { class: "stage-swatch", "aria-hidden": "true" })
      const pen = sizeCanvas(swatch, 12, 12)
      pen.beginPath()
      addShape(pen, shape, 6, 6, 4.5)
      pen.fillStyle = color
      pen.fill()
      const choose = () => {
        chosen = chosen === entry ? -1 : entry
        for (const other of legend.querySelectorAll("button"))
          other.setAttribute("aria-pressed", String(other === button && chosen === entry))
        recolor()
      }
      const pressed = String(chosen >= 0 && chosen === entry)
      const button = el(
        "button",
        {
          class: "stage-chip",
          type: "button",
          "aria-pressed": pressed,
          title: tr("Show only {name}", { name: text }),
          onclick: choose,
        },
        swatch,
        text,
      )
      return button
    }

    function hover(place, x, y) {
      card.hidden = place < 0 || !view?.frame
      if (card.hidden) return
      const fill = () => {
        fillCard(place)
        placeCardAt(card, x, y)
      }
      fill()
      if (view.statics.shape.length < 2 || ctx.store.thumbnails) return
      ctx.store.readThumbnails().then(() => {
        if (plot.hovered === place && !card.hidden) fill()
      })
    }

    function fillCard(i) {
      const { thumbnails } = ctx.store
      const lines = !view.statics.glyphs && isSeen(i) ? looks?.lines(i) : null
      card.replaceChildren(
        ...cardOf(view, i, { thumbnails, lines, isSeen: isSeen(i), hasLooks: Boolean(looks) }),
      )
    }

    let comesFrom = null
    /** A drag decodes; from a chosen sample the rest of its code comes along. */
    function press(x, y, _event, isStart) {
      const { first } = ctx.selection
      const began = performance.now()
      if (isStart) {
        const found = plot.nearest(...plot.toScreen(x, y), HIT)
        comesFrom = first !== null && found === first ? first : null
      }
      probe.at(x, y, comesFrom, began)
    }

    function pick(place, event) {
      ctx.selection.click(place, event.shiftKey)
    }

    const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
    /** Arrows scrub the epochs unless they move the place that is decoded. */
    function key(event) {
      const step = STEPS[event.key]
      if (step && probe.place && decodes()) {
        event.preventDefault()
        const [x, y] = plot.toScreen(...probe.place)
        const [width, height] = middle().map((v) => 2 * v)
        probe.at(...plot.toData(x + step[0] * NUDGE * width, y + step[1] * NUDGE * height))
      } else if (event.key === "Escape") probe.leave()
      else if (event.key === "Enter" && view?.frame) {
        const [x, y] = probe.place ? plot.toScreen(...probe.place) : middle()
        const found = plot.nearest(x, y, Infinity)
        if (found >= 0) pick(found, event)
        if (decodes() && !probe.place) probe.at(...plot.toData(x, y))
      }
      return !["+", "=", "-", "0"].includes(event.key)
    }

    return {
      update,
      resize() {},
      destroy() {
        plot.destroy()
        probe.destroy()
        umap.destroy()
        card.remove()
      },
      summary(next) {
        if (!next.frame || !next.statics) return tr("There is no map yet.")
        const { glyphs, labels } = next.statics
        const share = next.row?.knn_accuracy
        const knn =
          typeof share === "number"
            ? tr(
                "The {count} nearest neighbors predict the class of {share} of the validation samples correctly.",
                { count: neighborsOf(next.state), share: percent(share) },
              )
            : ""
        const what = {
          count: labels.data.length,
          moment: momentOf(next.frame, unitOf(next.state)),
          map: isUmap ? "UMAP" : next.state.map,
        }
        const first = glyphs
          ? tr("{count} tokens at {moment}, {map}.", what)
          : tr("{count} samples at {moment}, {map}.", what)
        const rest = [looks?.groups ? looks.summary(next) : "", isUmap ? "" : pairs.words(next.frame)]
        return [first, knn, ...rest].filter(Boolean).join(" ")
      },
    }
  },
}

const unitOf = (state) => (state?.task === "pseudo" ? "round" : "epoch")

/** A map of 2 or more columns as x, y, x, y … */
function flat(map) {
  const [n, k] = map.shape
  if (k === 2) return map.data
  const points = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) {
    points[2 * i] = map.data[k * i]
    points[2 * i + 1] = map.data[k * i + 1]
  }
  return points
}
