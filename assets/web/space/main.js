// The map that answers back: one or two panes, tools to select, colors, legend, replay. Keeps its elements over reruns.
// It is one long class because every control acts on all panes and on the address that they share.

import { el, icon, setText, sizeCanvas } from "../lib/dom.js"
import { COLORS } from "../lib/palette.js"
import { readTheme } from "../lib/theme.js"
import { addOutline, colorTable, ramp, shapeOf } from "../scatter/shapes.js"
import { createPane } from "./pane.js"
// Modules that the pane needs are named here too, so that a browser asks for all of them at once and not one after another.
import "./source.js"
import "../lib/safetensors.js"
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
import "../scatter/sizes.js"
import "../scatter/standing.js"
import "../scatter/view.js"
import "../scatter/webgl.js"

const PLAY_MS = 650
const FLOW_MS = 1200 // how long PCA is looked at before UMAP follows
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
    const chip = (text, title, onclick, more = {}) =>
      el("button", { class: "stage-chip", type: "button", title, onclick, ...more }, text)
    const choices = (names, chosen, pick, label) => {
      const group = el("div", { class: "space-choices", role: "group", "aria-label": label })
      group.append(
        ...names.map(([value, text, title]) =>
          chip(
            text,
            title,
            () => {
              for (const other of group.children)
                other.setAttribute("aria-pressed", String(other.dataset.value === value))
              pick(value)
            },
            {
              "data-value": value,
              "aria-pressed": String(value === chosen),
              "data-testid": `space-${value}`,
            },
          ),
        ),
      )
      return group
    }
    this.modes = choices(
      [
        ["pan", "Move", "Drag to move the map"],
        ["lasso", "Lasso", "Drag around points to select them"],
        ["box", "Box", "Drag a box to select points"],
      ],
      "pan",
      (mode) => this.panes.forEach((pane) => pane.plot.setMode(mode)),
      "What dragging does",
    )
    this.hows = choices(
      [
        ["replace", "New", "The points that you draw around replace the selection"],
        ["add", "+ add", "They are added to it (Shift)"],
        ["subtract", "− take", "They are removed from it (Alt)"],
      ],
      "replace",
      (how) => this.panes.forEach((pane) => pane.plot.setCombine(how)),
      "How selections are combined",
    )
    this.by = el("select", {
      class: "stage-input",
      "aria-label": "Color by",
      "data-testid": "space-by",
      onchange: () => this.color(this.by.value),
    })
    this.sized = el("select", {
      class: "stage-input",
      "aria-label": "Size by",
      "data-testid": "space-size",
      onchange: () =>
        this.panes.forEach((pane) => pane.size(this.sized.value).catch((error) => this.tell(error))),
    })
    this.count = el("span", { class: "space-count", role: "status", "data-testid": "space-count" })
    this.shown = chip("Select shown", "Select the points of the classes that are shown", () =>
      this.panes[0].plot.selectShown(),
    )
    this.clear = chip("Clear", "Clear the selection (Escape)", () => {
      this.panes.forEach((pane) => pane.selection.clear())
      this.selected(this.panes[0])
    })
    this.shown.hidden = true
    // On the map itself: they come and go with the selection, and in a row above they would push the map down.
    this.status = el("div", { class: "space-status" }, this.shown, this.clear, this.count)
    const zoom = el(
      "div",
      { class: "space-choices" },
      chip("+", "Zoom in (also: click the map, then turn the wheel)", () =>
        this.panes.forEach((pane) => pane.plot.zoomBy(1.5)),
      ),
      chip("−", "Zoom out", () => this.panes.forEach((pane) => pane.plot.zoomBy(1 / 1.5))),
      chip("All", "Show all (double click)", () => this.panes.forEach((pane) => pane.plot.fit())),
    )
    this.bar = el(
      "div",
      { class: "space-bar" },
      this.modes,
      this.hows,
      zoom,
      el("label", { class: "stage-label" }, "Color", this.by),
      el("label", { class: "stage-label" }, "Size", this.sized),
    )
    this.legend = el("div", {
      class: "stage-legend space-legend",
      role: "group",
      "aria-label": "Legend",
      "data-testid": "space-legend",
    })
    this.play = el(
      "button",
      {
        class: "stage-button",
        type: "button",
        "aria-label": "Play the epochs",
        onclick: () => this.toggle(),
      },
      icon("play"),
    )
    this.range = el("input", {
      type: "range",
      class: "stage-range",
      min: "0",
      step: "1",
      "aria-label": "Epoch",
      oninput: () => this.go(+this.range.value),
    })
    this.counter = el("span", { class: "stage-counter" })
    this.replay = el(
      "div",
      { class: "stage-group space-replay", hidden: true },
      this.play,
      this.range,
      this.counter,
    )
    this.fault = el("div", { class: "stage-message", role: "alert", hidden: true })
    this.body = el("div", { class: "space-panes" })
    this.root = el(
      "div",
      { class: "stage space", "data-testid": "space", "data-theme": this.theme.isDark ? "dark" : "light" },
      this.bar,
      this.body,
      this.replay,
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
    this.panes[0].root.append(this.status)
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
      const wanted = this.component.data.by
      await this.listColors(pane.asked)
      const known = [...this.by.options].map((option) => option.value)
      this.by.value = known.includes(wanted) ? wanted : known.includes("class") ? "class" : (known[0] ?? "")
      if (this.by.value) await this.color(this.by.value)
    } catch (error) {
      this.tell(error)
    }
    const { done } = pane.about
    this.replay.hidden = done.length < 2
    this.range.max = String(done.length - 1)
    this.range.value = String(done.indexOf(pane.epoch))
    this.count_()
    this.isReady = true
    this.root.dataset.ready = "true"
    this.component.setTriggerValue("ended", "done")
    // Python then begins the map that follows; it starts from these places.
    if (this.component.data.flows)
      setTimeout(() => !this.isGone && this.component.setTriggerValue("ended", "shown"), FLOW_MS)
    await this.wish()
    this.say()
  }

  async listColors(asked = null) {
    const pane = this.panes[0]
    const { about } = await (asked ?? pane.source.ask("colors", { epoch: pane.epoch }))
    const option = (value, text = value) => el("option", { value }, text)
    const groups = [
      ["Groups", Object.keys(about.categories)],
      ["Numbers", about.numbers],
      ["Measured", about.measured],
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
      option("", "all equal"),
      ...[...about.numbers, ...about.measured].map((name) => option(name)),
    )
    this.sized.value = sized
  }

  async color(name) {
    const slow = setTimeout(
      () => this.legend.replaceChildren(el("span", { class: "stage-muted" }, `Computing ${name} …`)),
      400,
    )
    try {
      const legend = await this.panes[0].color(name)
      if (legend) this.drawLegend(legend)
      for (const other of this.panes.slice(1)) await other.colorAs(this.panes[0])
      this.component.setStateValue("by", name)
    } catch (error) {
      this.tell(error)
    } finally {
      clearTimeout(slow)
    }
  }

  drawLegend(legend) {
    this.shown.hidden = true
    if (legend.kind === "number") {
      const strip = el("canvas", { class: "space-ramp", "aria-hidden": "true" }),
        context = sizeCanvas(strip, 160, 12)
      for (let x = 0; x < 160; x++) {
        context.fillStyle = `rgb(${ramp(x / 159).join(",")})`
        context.fillRect(x, 0, 1.5, 12)
      }
      const text = (value) => String(+value.toPrecision(3))
      return this.legend.replaceChildren(
        el("span", {}, `${legend.by}: ${text(legend.low)}`),
        strip,
        el("span", {}, text(legend.high)),
        ...(legend.unknown ? [el("span", { class: "stage-muted" }, `${legend.unknown} unknown (gray)`)] : []),
      )
    }
    const table = colorTable(legend, COLORS)
    const entries = legend.names
      .map((text, code) => [code, text, legend.counts[code]])
      .filter(([, , size]) => size)
      .slice(0, 60)
    if (legend.unknown) entries.push([255, "unknown", legend.unknown])
    this.legend.replaceChildren(
      ...entries.map(([code, text, size]) => {
        const swatch = el("canvas", { class: "stage-swatch", "aria-hidden": "true" }),
          context = sizeCanvas(swatch, 12, 12),
          path = new Path2D()
        addOutline(path, shapeOf(code), 6, 6, 4.5)
        context.fillStyle = `rgb(${table[4 * code]},${table[4 * code + 1]},${table[4 * code + 2]})`
        context.fill(path)
        const one = el(
          "button",
          {
            class: "stage-chip",
            type: "button",
            "aria-pressed": "false",
            title: `Show only ${text}: ${size.toLocaleString()} points`,
            onclick: () => {
              let isolated = null
              for (const pane of this.panes) isolated = pane.plot.isolate(code)
              one.setAttribute("aria-pressed", String(isolated.has(code)))
              this.shown.hidden = !isolated.size
            },
          },
          swatch,
          text || "–",
        )
        return one
      }),
    )
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
        ? `${size.toLocaleString()} of ${mask.length.toLocaleString()} selected`
        : mask.length
          ? `${mask.length.toLocaleString()} points`
          : "",
    )
    this.clear.hidden = !size
  }

  count_() {
    const { done } = this.panes[0].about
    setText(this.counter, done.length > 1 ? `Epoch ${this.panes[0].epoch}` : "")
  }

  async go(index) {
    const { done } = this.panes[0].about
    if (this.isMoving) {
      this.next = index
      return
    }
    this.isMoving = true
    try {
      await this.panes[0].show(done[index])
      this.range.value = String(index)
      this.count_()
      clearTimeout(this.resting)
      this.resting = setTimeout(() => {
        if (!this.isPlaying) this.component.setStateValue("frame", done[index])
      }, 500)
    } catch (error) {
      this.tell(error)
    }
    this.isMoving = false
    if (this.next !== undefined) {
      const next = this.next
      this.next = undefined
      this.go(next)
    }
  }

  toggle() {
    this.isPlaying = !this.isPlaying
    this.play.replaceChildren(icon(this.isPlaying ? "pause" : "play"))
    this.play.setAttribute("aria-label", this.isPlaying ? "Pause" : "Play the epochs")
    clearInterval(this.player)
    if (!this.isPlaying) return this.go(+this.range.value)
    if (+this.range.value === +this.range.max) this.go(0)
    this.player = setInterval(() => {
      const next = +this.range.value + 1
      if (next > +this.range.max) return this.toggle()
      this.range.value = String(next)
      this.go(next)
    }, PLAY_MS)
  }

  destroy() {
    this.isGone = true
    clearInterval(this.player)
    clearTimeout(this.resting)
    this.panes.forEach((pane) => pane.destroy())
    this.root.remove()
  }
}
