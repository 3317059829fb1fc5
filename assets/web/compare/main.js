// Compare: two to six runs under one cursor. Each run has its store; the cursor is the stage's, and its store is all of
// them (band.js). Keeps its elements over Streamlit's reruns.

import { replaceParam } from "../lib/address.js"
import { closeBubbles } from "../lib/bubbles.js"
import { el, icon, setText } from "../lib/dom.js"
import { readTheme } from "../lib/theme.js"
import { tr } from "../lib/words.js"
import { Cursor } from "../stage/cursor.js"
import { FirstLook } from "../stage/first_look.js"
import { framePanel } from "../stage/frame.js"
import map from "../stage/panels/map.js"
import writing from "../stage/panels/writing.js"
import { Selection } from "../stage/selection.js"
import { Told } from "../stage/told.js"
import { hasSamePoints, turnTowards } from "./align.js"
import { Band } from "./band.js"
import { createChip, statusOf } from "./chips.js"
import { curves } from "./curves.js"
import { samples, wipe } from "./outputs.js"
import { labels, metrics } from "./tables.js"

const comparisons = new WeakMap()
const MOST_FLOWING = 2

/** Called by Streamlit at the first mount and at every rerun; only other runs make anything new. */
export function mount(component) {
  const { parentElement, data } = component
  const key = data.runs.map(({ run }) => run).join()
  let shown = comparisons.get(parentElement)
  if (shown && (shown.isGone || shown.key !== key)) {
    shown.destroy()
    shown = null
  }
  if (shown) shown.renew(component)
  else {
    shown = new Comparison(component, key)
    comparisons.set(parentElement, shown)
  }
  return () =>
    setTimeout(() => {
      if (!parentElement.isConnected) shown.destroy()
    }, 0)
}

class Comparison {
  constructor(component, key) {
    this.component = component
    this.key = key
    const { base, assets, runs, epoch, measures, groups } = component.data
    this.runs = runs
    this.isInRounds = runs.every(({ task }) => task === "pseudo")
    this.told = new Told(epoch)
    this.turned = new WeakMap() // frame → the same with its map turned, and towards what
    this.band = new Band(base, runs, () => this.arrived())
    this.cursor = new Cursor(
      this.band,
      {
        draw: () => this.draw(),
        rested: (at) => {
          if (at !== null) this.told.tell(at)
          replaceParam("epoch", at)
          this.component.setStateValue("cursor", at)
        },
      },
      epoch,
    )
    this.selection = new Selection(() => this.draw())
    this.firstLook = new FirstLook()
    const shared = {
      assets,
      shown: this.firstLook.shown,
      task: runs[0].task,
      cursor: this.cursor,
      store: this.band,
      selection: this.selection,
      // Many maps that flow at once leave no time for anything else.
      ...(runs.length > MOST_FLOWING ? { morphMs: 0 } : {}),
      measures,
      groups,
      isInRounds: this.isInRounds,
      draw: () => this.draw(),
      tell: (text) => setText(this.said, text),
      fail: (text) => this.component.setTriggerValue("failed", text),
    }
    this.common = [curves, metrics, samples, wipe, labels].map((panel) => framePanel(panel, shared))
    this.each = runs.map((about, i) => {
      const store = this.band.stores[i]
      const ctx = {
        ...shared,
        store,
        task: about.task,
        tool: (name, body) => store.tool(name, { epoch: this.sides?.[i]?.frame?.epoch ?? null, ...body }),
      }
      const own = (panel, title) =>
        framePanel(
          {
            ...panel,
            id: `compare-${panel.id}-${i + 1}`,
            explains: panel.id,
            says: "",
            title: tr("{title}, run {run}", { title, run: i + 1 }),
          },
          ctx,
        )
      return about.task === "language"
        ? [own(writing, tr("Writing")), own(map, tr("Map"))]
        : [own(map, tr("Map"))]
    })
    this.build(component, assets)
  }

  build(component, assets) {
    this.said = el("p", { class: "stage-message", role: "alert", hidden: true })
    this.range = el("input", {
      type: "range",
      class: "stage-range",
      min: 0,
      max: 0,
      value: 0,
      "aria-label": this.isInRounds ? tr("Round") : tr("Epoch"),
      "data-testid": "compare-cursor",
      oninput: () => this.cursor.moveToEpoch(Number(this.range.value)),
    })
    this.counter = el("output", { class: "stage-counter" })
    this.replay = el(
      "button",
      {
        class: "stage-button stage-replay",
        type: "button",
        "data-testid": "compare-replay",
        onclick: () => this.cursor.toggleReplay(),
      },
      icon("replay"),
      el("span", {}, tr("Replay")),
    )
    this.chips = this.runs.map((about, i) =>
      createChip(
        about,
        i,
        (run) => this.component.setTriggerValue("opened", run),
        this.runs.length > 2 ? (run) => this.component.setTriggerValue("removed", run) : null,
      ),
    )
    this.bar = el(
      "div",
      { class: "stage-bar", role: "toolbar", "aria-label": tr("Epochs of all runs") },
      el(
        "div",
        { class: "stage-group stage-scrub" },
        el("span", { class: "stage-label" }, this.isInRounds ? tr("Round") : tr("Epoch")),
        this.range,
        this.counter,
        this.replay,
      ),
    )
    const nodes = (panels) => panels.map((panel) => panel.node)
    // What is of one kind stands side by side: all writings, then all maps.
    const maps = this.each.map((panels) => panels.at(-1))
    const writings = this.each.flatMap((panels) => panels.slice(0, -1))
    this.maps = el(
      "div",
      { class: "compare-kinds" },
      ...[writings, maps]
        .filter((panels) => panels.length)
        .map((panels) => el("div", { class: "compare-each" }, ...nodes(panels))),
    )
    this.root = el(
      "div",
      { class: "stage compare", "data-testid": "compare", tabindex: "-1" },
      el("ul", { class: "compare-runs", "aria-label": tr("Runs") }, ...this.chips.map((chip) => chip.node)),
      this.bar,
      this.said,
      el("div", { class: "compare-panels" }, ...nodes(this.common)),
      this.maps,
    )
    const sheets = ["stage/style.css", "stage/lab.css", "stage/views.css", "compare/compare.css"]
    Promise.all(sheets.map((name) => this.loadSheet(`${assets}/${name}`))).then(() => this.resize())
    component.parentElement.replaceChildren(this.root)
    this.stopBubbles = closeBubbles(this.root)
    this.onKey = (event) => this.press(event)
    document.addEventListener("keydown", this.onKey)
    this.observer = new ResizeObserver(() => this.resize())
    for (const panel of this.all()) this.observer.observe(panel.body)
  }

  all() {
    return [...this.common, ...this.each.flat()]
  }

  loadSheet(href) {
    if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve()
    return new Promise((resolve) => {
      const link = el("link", { rel: "stylesheet", href })
      link.onload = link.onerror = resolve
      document.head.append(link)
    })
  }

  /** A rerun: keep everything; when Python asks for another epoch, go there. */
  renew(component) {
    this.component = component
    const { epoch, runs } = component.data
    runs.forEach(({ token }, i) => {
      this.band.stores[i].token = token
    })
    if (this.told.isWish(epoch) && epoch !== null && epoch !== this.cursor.reported)
      this.cursor.moveToEpoch(epoch)
    this.draw()
  }

  /** After each answer. */
  arrived() {
    if (this.band.isReady) this.cursor.follow()
    this.draw()
  }

  draw() {
    if (this.isDrawing || this.isGone) return
    this.isDrawing = true
    requestAnimationFrame(() => {
      this.isDrawing = false
      if (!this.isGone) this.paint()
    })
  }

  /** What a panel is given of each run. */
  look(theme, epoch) {
    const frames = this.cursor.frame?.frames ?? []
    const sides = this.band.stores.map((store, i) => ({
      number: i + 1,
      theme,
      state: store.state,
      rows: store.rows,
      epochRows: store.epochRows ?? [],
      earlyRows: [],
      frames: store.frames,
      statics: store.statics,
      frame: store.statics ? (frames[i] ?? null) : null,
      cursor: epoch,
      isLive: this.cursor.isLive,
      row: (store.epochRows ?? []).find((row) => row.epoch === frames[i]?.epoch),
    }))
    const first = sides.find((side) => side.frame?.map)
    return sides.map((side) => this.turn(side, first))
  }

  /** A run whose map is turned towards the first one's; a turned map is no plane of codes any more. */
  turn(side, first) {
    if (!side.frame?.map || side === first || !hasSamePointsOnce(this, side, first)) return still(side)
    const kept = this.turned.get(side.frame)
    if (kept?.towards === first.frame.map) return { ...still(side), frame: kept.frame }
    const frame = { ...side.frame, map: turnTowards(side.frame.map, first.frame.map) }
    this.turned.set(side.frame, { towards: first.frame.map, frame })
    return { ...still(side), frame }
  }

  paint() {
    const { band, cursor } = this
    const theme = readTheme(this.component.parentElement)
    this.root.dataset.theme = theme.isDark ? "dark" : "light"
    const epoch = cursor.frame?.epoch ?? cursor.epoch
    this.sides = this.look(theme, epoch)
    const states = this.sides.map((side) => side.state)
    const view = {
      theme,
      sides: this.sides,
      cursor: epoch,
      isLive: cursor.isLive,
      state: states.find(Boolean),
      first: this.component.data.first,
    }
    this.drawBar(states, epoch)
    for (const panel of this.common) panel.update(view)
    const seen = this.common.filter(({ node }) => !node.hidden)
    seen.forEach(({ node }, i) => {
      node.classList.toggle("is-wide", seen.length % 2 === 1 && i === seen.length - 1)
    })
    this.each.forEach((panels, i) => {
      for (const panel of panels) panel.update(this.sides[i])
    })
    cursor.painted()
    this.firstLook.painted(cursor.frame)
    Object.assign(this.root.dataset, {
      epoch: epoch ?? "",
      frames: band.frames.length,
      ready: String(Boolean(cursor.frame) && band.stores.every((store) => store.statics || store.refusal)),
      scrubMs: Math.round(cursor.scrubMs ?? 0),
    })
  }

  drawBar(states, epoch) {
    const last = this.band.frames.at(-1) ?? 0
    const most = Math.max(last, ...states.map((state) => state?.epochs ?? 0))
    if (Number(this.range.max) !== most) this.range.max = most
    if (epoch !== null && Number(this.range.value) !== epoch) this.range.value = epoch
    const at = { epoch: epoch ?? 0, epochs: most }
    this.range.setAttribute(
      "aria-valuetext",
      this.isInRounds ? tr("round {epoch} of {epochs}", at) : tr("epoch {epoch} of {epochs}", at),
    )
    this.range.style.setProperty("--filled", `${(100 * (epoch ?? 0)) / Math.max(1, most)}%`)
    this.range.style.setProperty("--trained", `${(100 * last) / Math.max(1, most)}%`)
    setText(this.counter, `${epoch ?? 0} / ${most}`)
    setText(this.replay.lastChild, this.cursor.isReplaying ? tr("Stop replay") : tr("Replay"))
    this.replay.disabled = this.band.frames.length < 2
    this.chips.forEach(({ status }, i) => {
      const { refusal } = this.band.stores[i]
      setText(status, refusal || (states[i] ? statusOf(states[i]) : tr("Loading …")))
    })
  }

  /** Arrow keys and space, unless someone is typing or another control wants them. */
  press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    const { target } = event
    const wantsKeys = target.matches?.("input, select, textarea, [contenteditable=true]")
    if (!(this.root.contains(target) || target === document.body) || wantsKeys) return
    const moves = {
      ArrowLeft: () => this.cursor.moveBy(-1),
      ArrowRight: () => this.cursor.moveBy(1),
      Home: () => this.cursor.moveTo(0),
      End: () => this.cursor.moveTo(this.band.frames.length - 1),
    }
    if (event.key === " " && !target.matches?.("button, summary, a"))
      moves[" "] = () => this.cursor.toggleReplay()
    if (!moves[event.key]) return
    event.preventDefault()
    moves[event.key]()
  }

  resize() {
    if (this.isGone) return
    for (const { made } of this.all()) made.resize()
    this.draw()
  }

  destroy() {
    if (this.isGone) return
    this.isGone = true
    this.band.destroy()
    this.cursor.destroy()
    this.observer.disconnect()
    document.removeEventListener("keydown", this.onKey)
    this.stopBubbles()
    for (const { made } of this.all()) made.destroy()
  }
}

/** A comparison looks at maps and does not decode them. */
const still = (side) => (side.state ? { ...side, state: { ...side.state, can_decode: false } } : side)

/** Whether two runs have the same points; the answer is kept while they say the same of themselves. */
function hasSamePointsOnce(comparison, side, first) {
  comparison.same ??= new WeakMap()
  const kept = comparison.same.get(side.statics)
  if (kept?.first === first.statics) return kept.isSame
  const isSame = hasSamePoints(side.statics, first.statics)
  comparison.same.set(side.statics, { first: first.statics, isSame })
  return isSame
}
