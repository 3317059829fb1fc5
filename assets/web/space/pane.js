// One map: its points, what is being drawn of it, and the card under the pointer.

import { el, placeCardAt, setText } from "../lib/dom.js"
import { COLORS } from "../lib/palette.js"
import { tr } from "../lib/words.js"
import { createPlot } from "../scatter/plot.js"
import { createSelection } from "../scatter/select.js"
import { nameOfColor, nameOfPart } from "./colors.js"
import { createFollow, isInUse } from "./follow.js"
import { Source } from "./source.js"

const POLL = 400
/** What the job of a map does, by its stage. */
export const stagesOf = () => ({
  waiting: tr("Waiting"),
  starting: tr("Starting"),
  vectors: tr("Getting the vectors"),
  neighbors: tr("Finding neighbors"),
  graph: tr("Weighting the graph"),
  layout: tr("Arranging"),
})
// The map that was shown last: another map of the same points begins with it, so that they flow to their new places.
let former = null

/** How far a map is: "Finding neighbors 3 of 10, epoch 4, about 20 s left". */
function sayJob({ stage, done, total, epoch, seconds_left: left }, hasEpochs) {
  const called = stagesOf()[stage] ?? stage
  const parts = [total > 1 ? tr("{stage} {done} of {total}", { stage: called, done, total }) : called]
  if (hasEpochs) parts.push(tr("epoch {epoch}", { epoch }))
  if (left && left < 90) parts.push(tr("about {count} s left", { count: Math.ceil(left) }))
  else if (left) parts.push(tr("about {count} min left", { count: Math.ceil(left / 60) }))
  return parts.join(", ")
}

function sayValue(name, value) {
  if (typeof value === "number") return +value.toPrecision(4)
  return name === "split" ? nameOfPart(value) : value
}

const HIDDEN_IN_CARD = new Set(["place", "row", "label", "text"])

/**
 * @param {{key: string, token: string, title: string, epoch: ?number}} pane which map, as the page names it
 * @param {{base: string, theme: object, hooks: object}} options address of the routes, colors, and what is called on changes
 */
export function createPane(pane, { base, theme, hooks }) {
  const source = new Source(base, pane)
  const selection = createSelection(0)
  let first = source.about() // on its way while the canvases are made
  first.catch(() => null)
  const body = el("div", { class: "space-plot", "data-testid": "space-plot" })
  const card = el("div", { class: "stage-card space-card", hidden: true, role: "status" })
  const bar = el("progress", { max: "1", value: "0" }),
    said = el("span", {}),
    pause = el("button", { class: "stage-chip", type: "button" }, tr("Pause")),
    stop = el("button", { class: "stage-chip", type: "button" }, tr("Cancel"))
  const job = el(
    "div",
    { class: "space-job", hidden: true, "data-testid": "space-job" },
    said,
    bar,
    pause,
    stop,
  )
  const fault = el("div", { class: "stage-message", role: "alert", hidden: true })
  const title = el("p", { class: "space-title" }, pane.title)
  const root = el("div", { class: "space-pane", "data-key": pane.key }, title, body, job, fault, card)

  const held = createFollow({
    isUsed: () => false,
    start: () => show(epoch).catch(fail),
    title: pane.follows || "UMAP",
  })
  root.append(held.root)
  let about = null,
    epoch = pane.epoch,
    isGone = false,
    stamp = 0,
    timer = 0,
    by = "",
    legend = null,
    hovering = -1,
    isPaused = false

  const plot = createPlot(body, {
    selection,
    palette: COLORS,
    text: theme.text,
    background: theme.background,
    isDark: theme.isDark,
    font: theme.font,
    renderer: pane.renderer,
    pictures: pane.hasPictures ? (places) => source.pictures(places) : null,
    onHover: (place, x, y) => showCard(place, x, y),
    onPick: (place) => hooks.picked(self, place),
    onSelected: () => hooks.selected(self),
    onPainted: () => {
      root.dataset.painted = String(Math.round(performance.now()))
      root.dataset.sincemount = String(Math.round(performance.now() - began))
    },
  })
  const began = performance.now()
  root.dataset.renderer = plot.renderer
  plot.over.setAttribute(
    "aria-label",
    tr(
      "Map. Arrow keys move between points, Enter describes one, Space selects it, plus and minus zoom, 0 shows all, Escape clears the selection.",
    ),
  )

  function fail(error) {
    fault.hidden = false
    setText(fault, String(error.message || error))
  }

  async function showCard(place, x, y) {
    hovering = place
    if (place < 0) {
      card.hidden = true
      return
    }
    const found = await source.card(place, epoch).catch(() => null)
    if (hovering !== place || !found || isGone) return
    const lines = [
      el("strong", {}, found.label || (found.text ? "" : tr("no label"))),
      ...(found.text ? [el("p", { class: "stage-snippet" }, found.text.slice(0, 300))] : []),
    ]
    for (const [name, value] of Object.entries(found))
      if (!HIDDEN_IN_CARD.has(name))
        lines.push(el("div", {}, `${nameOfColor(name)}: ${sayValue(name, value)}`))
    lines.push(el("div", { class: "stage-muted" }, tr("row {row}", { row: found.row })))
    const pictures = pane.hasPictures ? await source.pictures([place]).catch(() => null) : null
    if (hovering !== place || isGone) return
    const picture = pictures?.get(place)
    if (picture) picture.className = "stage-big"
    card.replaceChildren(...(picture ? [picture] : []), ...lines)
    card.hidden = false
    placeCardAt(card, x, y)
  }

  /** Looks at how the map stands until it is done. */
  async function watch() {
    clearTimeout(timer)
    if (isGone) return
    try {
      about = await (first ?? source.about())
      first = null
    } catch (error) {
      return fail(error)
    }
    const at = about.job
    const isBusy = at.status === "running" || at.status === "paused"
    job.hidden = !isBusy
    if (isBusy) {
      setText(said, at.status === "paused" ? tr("Paused") : sayJob(at, about.epochs.length > 1))
      bar.value = at.share ?? 0
      isPaused = at.status === "paused"
      setText(pause, isPaused ? tr("Resume") : tr("Pause"))
      if (at.stamp > stamp && !isHeld()) {
        stamp = at.stamp
        const made = await source.layout(null, stamp).catch(() => null)
        if (made && !isGone) put(made)
      }
      timer = setTimeout(watch, POLL)
      return
    }
    if (at.status === "failed") return fail(new Error(at.error || tr("This map could not be computed.")))
    if (at.status === "cancelled" && !about.done.length) {
      setText(fault, tr("Cancelled. Press Draw to start again."))
      fault.hidden = false
      hooks.ended("cancelled")
      return
    }
    const newest = epoch !== null && about.done.includes(epoch) ? epoch : about.done.at(-1)
    // What points can be colored by is asked for together with where they are.
    if (!self.asked) self.asked = source.ask("colors", { epoch: newest })
    self.asked.catch(() => null)
    if (isHeld()) {
      epoch = newest
      await hooks.ready(self)
      return held.offer(tr("{map} is ready.", { map: pane.follows }))
    }
    await show(newest)
    await hooks.ready(self)
  }

  /** A map that follows by itself moves nothing while someone reads the one before. */
  function isHeld() {
    return Boolean(pane.follows) && isInUse(root, selection)
  }

  function put(made) {
    plot.setPoints(made.points, made.head)
    former = { ...former, space: pane.space, points: made.points, head: made.head }
    root.dataset.bytes = String(made.bytes)
    root.dataset.points = String(made.head.rows)
  }

  async function show(at) {
    const made = await source.layout(at)
    if (isGone) return
    epoch = at
    root.dataset.epoch = String(at)
    put(made)
    if (by) await color(by)
  }

  /** The colors of another pane: the same row, the same color. */
  async function colorAs(other) {
    if (!other.legend || !other.codes || !about?.done.length) return
    const [theirs, mine] = await Promise.all([other.rows(), self.rows()])
    const code = new Map()
    theirs.forEach((row, place) => code.set(row, other.codes[place]))
    if (isGone) return
    legend = other.legend
    plot.setColors(
      Uint8Array.from(mine, (row) => code.get(row) ?? 255),
      legend,
    )
  }

  async function color(name, find = "") {
    by = name
    const { arrays, about: said_ } = await source.ask("color", { by: name, epoch, ...(find ? { find } : {}) })
    if (isGone || by !== name) return null
    legend = said_
    self.codes = arrays.codes.data
    plot.setColors(self.codes, legend)
    former = { ...former, codes: self.codes, legend }
    root.dataset.by = name
    root.dataset.colorbytes = String(arrays.codes.data.length)
    return legend
  }

  async function size(name) {
    if (!name) return plot.setSizes(null)
    const { arrays } = await source.ask("color", { by: name, epoch })
    if (!isGone) plot.setSizes(arrays.codes.data.map((v) => (v === 255 ? 0 : v)))
  }

  pause.addEventListener("click", () =>
    source
      .ask(isPaused ? "resume" : "pause")
      .then(watch)
      .catch(fail),
  )
  stop.addEventListener("click", () => source.ask("cancel").then(watch).catch(fail))
  const self = {
    root,
    plot,
    selection,
    source,
    watch,
    show,
    color,
    colorAs,
    size,
    pane,
    codes: null,
    get about() {
      return about
    },
    get epoch() {
      return epoch
    },
    get legend() {
      return legend
    },
    get by() {
      return by
    },
    setTitle(text) {
      setText(title, text)
      title.hidden = !text
    },
    async rows() {
      self.known ??= await source.rows()
      return self.known
    },
    destroy() {
      isGone = true
      clearTimeout(timer)
      plot.destroy()
      card.remove()
    },
  }
  self.setTitle(pane.title)
  if (pane.space && former?.space === pane.space && !pane.title) {
    plot.setPoints(former.points, former.head)
    if (former.codes?.length === former.points.length / 2) plot.setColors(former.codes, former.legend)
  }
  watch()
  return self
}
