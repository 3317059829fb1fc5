// The map that answers back: one or two panes, tools to select, colors, legend, replay. Keeps its elements over reruns.
// Long, because every control acts on all panes and on the address that they share.

import { el, grouped, setText } from "../lib/dom.js"
import { readTheme } from "../lib/theme.js"
import { tr } from "../lib/words.js"
import { chip, choices, hows, modes } from "./choices.js"
import { nameOfColor } from "./colors.js"
import { createFollow, isInUse } from "./follow.js"
import { legendOf } from "./legend.js"
import { createPane } from "./pane.js"
import { createReplay } from "./replay.js"
// Modules that the pane needs are named here too, so that a browser asks for all of them at once and not one after another.
import "./source.js"
import "../lib/palette.js"
import "../lib/safetensors.js"
import "../lib/shortlist.js"
import "../scatter/draw.js"
import "../scatter/grid.js"
import "../scatter/keys.js"
import "../scatter/layout.js"
import "../scatter/overlay.js"
import "../scatter/pixels.js"
import "../scatter/plot.js"
import "../scatter/pointer.js"
import "../scatter/select.js"
import "../scatter/shader.js"
import "../scatter/shapes.js"
import "../scatter/sizes.js"
import "../scatter/standing.js"
import "../scatter/view.js"
import "../scatter/webgl.js"

const spaces = new WeakMap()

/**
 * Called by Streamlit at each run of the page; elements are kept as long as the maps are the same.
 * @param {{parentElement: HTMLElement, data: object}} component
 */
export function mount(component) {
  const { parentElement, data } = component
  let space = spaces.get(parentElement)
  const key = data.panes.map((p) => p.key).join("+")
  if (space && (space.isGone || space.key !== key)) {
    space.destroy()
    space = null
  }
  if (space) space.renew(component)
  else {
    space = new Space(component, key)
    spaces.set(parentElement, space)
  }
  return () =>
    setTimeout(() => {
      if (!parentElement.isConnected) space.destroy()
    }, 0)
}

class Space {
  constructor(component, key) {
    this.component = component
    this.key = key
    this.stamp = 0
    this.isPlaying = false
    const { data } = component
    this.theme = readTheme(component.parentElement)
    this.how = "replace"
    this.modes = choices(modes(), tr("What dragging does"), (mode) =>
      this.panes.forEach((pane) => pane.plot.setMode(mode)),
    )
    this.hows = choices(hows(), tr("How selections are combined"), (how) =>
      this.panes.forEach((pane) => pane.plot.setCombine(how)),
    )
    this.by = el("select", {
      class: "stage-input",
      "aria-label": tr("Color by"),
      "data-testid": "space-by",
      onchange: () => this.color(this.by.value),
    })
    this.sized = el("select", {
      class: "stage-input",
      "aria-label": tr("Size by"),
      "data-testid": "space-size",
      onchange: () =>
        this.panes.forEach((pane) => pane.size(this.sized.value).catch((error) => this.tell(error))),
    })
    this.count = el("span", { class: "space-count", role: "status", "data-testid": "space-count" })
    this.shown = chip(tr("Select shown"), tr("Select the points of the classes that are shown"), () =>
      this.panes[0].plot.selectShown(),
    )
    this.clear = chip(tr("Clear"), tr("Clear the selection (Escape)"), () => {
      this.panes.forEach((pane) => pane.selection.clear())
      this.selected(this.panes[0])
    })
    this.shown.hidden = true
    // On the map itself: they come and go with the selection, and in a row above they would push the map down.
    this.status = el("div", { class: "space-status" }, this.shown, this.clear, this.count)
    const zoom = el(
      "div",
      { class: "space-choices" },
      chip("+", tr("Zoom in (also: click the map, then turn the wheel)"), () =>
        this.panes.forEach((pane) => pane.plot.zoomBy(1.5)),
      ),
      chip("−", tr("Zoom out"), () => this.panes.forEach((pane) => pane.plot.zoomBy(1 / 1.5))),
      chip(tr("All"), tr("Show all (double click)"), () => this.panes.forEach((pane) => pane.plot.fit())),
    )
    this.bar = el(
      "div",
      { class: "space-bar" },
      this.modes,
      this.hows,
      zoom,
      el("label", { class: "stage-label" }, tr("Color"), this.by),
      el("label", { class: "stage-label" }, tr("Size"), this.sized),
    )
    this.legend = el("div", {
      class: "stage-legend space-legend",
      role: "group",
      "aria-label": tr("Legend"),
      "data-testid": "space-legend",
    })
    this.replay = createReplay({
      epochs: () => this.panes[0].about.done,
      show: (epoch) => this.panes[0].show(epoch),
      rested: (epoch) => this.component.setStateValue("frame", epoch),
      fail: (error) => this.tell(error),
    })
    this.fault = el("div", { class: "stage-message", role: "alert", hidden: true })
    this.body = el("div", { class: "space-panes" })
    this.root = el(
      "div",
      { class: "stage space", "data-testid": "space", "data-theme": this.theme.isDark ? "dark" : "light" },
      this.bar,
      this.body,
      this.replay.root,
      this.legend,
      this.fault,
    )
    const hooks = {
      picked: (pane, place) => this.picked(pane, place),
      selected: (pane) => this.selected(pane),
      ready: (pane) => this.ready(pane),
      ended: (how) => this.component.setTriggerValue("ended", how),
    }
    this.panes = data.panes.map((pane) => createPane(pane, { base: data.base, theme: this.theme, hooks }))
    this.body.append(...this.panes.map((pane) => pane.root))
    this.follow = createFollow({
      isUsed: () => isInUse(this.panes[0].root, this.panes[0].selection),
      start: () => !this.isGone && this.component.setTriggerValue("ended", "shown"),
    })
    this.panes[0].root.append(this.status, this.follow.root)
    for (const name of ["stage/style.css", "stage/lab.css", "space/space.css"]) {
      const href = `${data.assets}/${name}`
      if (!document.querySelector(`link[href="${href}"]`))
        document.head.append(el("link", { rel: "stylesheet", href }))
    }
    component.parentElement.replaceChildren(this.root)
    this.say()
    this.wish()
  }

  tell(error) {
    this.fault.hidden = false
    setText(this.fault, String(error?.message ?? error))
  }

  /** A rerun: take the new callbacks; do what Python wishes that was not wished before. */
  renew(component) {
    this.component = component
    const { data } = component
    data.panes.forEach((pane, i) => {
      this.panes[i].source.token = pane.token
      this.panes[i].setTitle(pane.title)
    })
    const theme = readTheme(component.parentElement)
    if (theme.id !== this.theme.id) {
      this.theme = theme
      this.root.dataset.theme = theme.isDark ? "dark" : "light"
      this.panes.forEach((pane) => pane.plot.setTheme(theme.text, theme.background, theme.isDark))
    }
    if (component.parentElement.firstChild !== this.root) component.parentElement.replaceChildren(this.root)
    this.wish()
  }

  async wish() {
    const { wish } = this.component.data
    if (!wish || wish.stamp <= this.stamp || !this.isReady) return
    this.stamp = wish.stamp
    const pane = this.panes[0]
    if (wish.marks) pane.plot.setMarks(wish.marks)
    if (wish.by !== undefined && wish.by !== null) {
      await this.listColors()
      this.by.value = wish.by
      await this.color(wish.by)
    }
    if (wish.bits !== undefined && wish.bits !== null) {
      pane.selection.setBits(wish.bits)
      await this.selected(pane)
    }
    if (wish.focus !== undefined && wish.focus !== null) pane.plot.focus(wish.focus)
  }

  async ready(pane) {
    if (pane !== this.panes[0]) {
      await pane.colorAs(this.panes[0])
      return this.isReady && this.mirror(this.panes[0], pane)
    }
    try {
      const { by: wanted, asked } = this.component.data
      await this.listColors(pane.asked)
      const known = [...this.by.options].map((option) => option.value)
      if (asked && !known.includes(wanted)) {
        // The address asks for it: no other color takes its place.
        this.by.selectedIndex = -1
        this.tell(
          known.length
            ? tr('This map cannot be colored by "{wanted}". It can by {known}.', {
                wanted,
                known: known.join(", "),
              })
            : tr('This map cannot be colored by "{wanted}". It can by nothing.', { wanted }),
        )
      } else {
        this.by.value = known.includes(wanted) ? wanted : known.includes("class") ? "class" : (known[0] ?? "")
        if (this.by.value) await this.color(this.by.value)
      }
    } catch (error) {
      this.tell(error)
    }
    this.replay.offer(pane.epoch)
    this.isReady = true
    this.root.dataset.ready = "true"
    this.component.setTriggerValue("ended", "done")
    // Python then begins the map that follows; it starts from these places.
    if (this.component.data.flows) this.follow.begin()
    await this.wish()
    this.say()
  }

  async listColors(asked = null) {
    const pane = this.panes[0]
    const { about } = await (asked ?? pane.source.ask("colors", { epoch: pane.epoch }))
    const option = (value, text = nameOfColor(value)) => el("option", { value }, text)
    const groups = [
      [tr("Groups"), Object.keys(about.categories)],
      [tr("Numbers"), about.numbers],
      [tr("Measured"), about.measured],
    ].filter(([, names]) => names.length)
    const chosen = this.by.value
    this.by.replaceChildren(
      ...groups.map(([label, names]) => {
        const group = el("optgroup", { label })
        group.append(...names.map((name) => option(name)))
        return group
      }),
    )
    if (chosen) this.by.value = chosen
    const sized = this.sized.value
    this.sized.replaceChildren(
      option("", tr("all equal")),
      ...[...about.numbers, ...about.measured].map((name) => option(name)),
    )
    this.sized.value = sized
  }

  /** find: part of the name of a class that may be too small for a color of its own. */
  async color(name, find = "") {
    const slow = setTimeout(
      () =>
        this.legend.replaceChildren(
          el("span", { class: "stage-muted" }, tr("Computing {name} …", { name: nameOfColor(name) })),
        ),
      400,
    )
    try {
      const legend = await this.panes[0].color(name, find)
      if (legend) this.drawLegend(legend, find)
      for (const other of this.panes.slice(1)) await other.colorAs(this.panes[0])
      this.fault.hidden = true
      this.component.setStateValue("by", name)
    } catch (error) {
      this.tell(error)
    } finally {
      clearTimeout(slow)
    }
  }

  drawLegend(legend, typed = "") {
    this.shown.hidden = true
    const isolate = (code) => {
      let isolated = null
      for (const pane of this.panes) isolated = pane.plot.isolate(code)
      this.shown.hidden = !isolated.size
      return isolated
    }
    const select = (code) => this.panes[0].plot.selectCode(code)
    const find = (text) => this.color(legend.by, text)
    this.legend.replaceChildren(...legendOf(legend, isolate, select, { typed, find }))
    if (typed) this.legend.querySelector("input")?.focus()
  }

  picked(pane, place) {
    pane.plot.focus(place)
    this.component.setStateValue("point", {
      place,
      pane: this.panes.indexOf(pane),
      key: pane.pane.key,
      epoch: pane.epoch,
    })
  }

  async selected(pane) {
    this.say()
    this.component.setStateValue("selection", {
      bits: pane.selection.size ? pane.selection.toBits() : "",
      count: pane.selection.size,
      pane: this.panes.indexOf(pane),
      key: pane.pane.key,
      at: Math.round(performance.timeOrigin + performance.now()),
    })
    for (const other of this.panes) if (other !== pane) await this.mirror(pane, other)
    this.say()
  }

  /** The same rows in the other pane. */
  async mirror(from, to) {
    const [mine, theirs] = await Promise.all([from.rows(), to.rows()])
    const chosen = new Set(from.selection.places().map((place) => mine[place])),
      places = []
    theirs.forEach((row, place) => {
      if (chosen.has(row)) places.push(place)
    })
    to.selection.change(places, "replace", "mirror")
  }

  say() {
    const { size, mask } = this.panes[0].selection
    setText(
      this.count,
      size
        ? tr("{count} of {all} selected", { count: grouped(size), all: grouped(mask.length) })
        : mask.length
          ? tr("{count} points", { count: grouped(mask.length) })
          : "",
    )
    this.clear.hidden = !size
  }

  destroy() {
    this.isGone = true
    this.replay.destroy()
    this.follow.destroy()
    this.panes.forEach((pane) => pane.destroy())
    this.root.remove()
  }
}
