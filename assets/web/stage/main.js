// The stage: transport bar, panels and verdict of one run. Keeps its elements over Streamlit's reruns.

import { el, icon, setText } from "../lib/dom.js"
import { readTheme } from "../lib/theme.js"
import { bannerOf } from "./banner.js"
import { Cursor } from "./cursor.js"
import { framePanel } from "./frame.js"
import { createGuide } from "./guide.js"
import { createLab } from "./lab.js"
import { Oracle } from "./oracle.js"
import { Selection } from "./selection.js"
import { SETS } from "./sets.js"
import { ENDED, Store } from "./store.js"
import { createStory } from "./story.js"
import { createTransport } from "./transport.js"
import { createVerdict } from "./verdict.js"

const stages = new WeakMap()

/** Called by Streamlit at the first mount and at every rerun; only the first makes anything. */
export function mount(component) {
  const { parentElement, data } = component
  let stage = stages.get(parentElement)
  if (stage?.isGone) stage = null
  if (stage && stage.run !== data.run) {
    stage.destroy()
    stage = null
  }
  if (stage) stage.renew(component)
  else {
    stage = new Stage(component)
    stages.set(parentElement, stage)
  }
  // Streamlit cleans up before each rerun's call too; the element being gone is what counts.
  return () =>
    setTimeout(() => {
      if (!parentElement.isConnected) stage.destroy()
    }, 0)
}

class Stage {
  constructor(component) {
    this.component = component
    const { base, assets, run, token, epoch, task } = component.data
    this.run = run
    this.told = epoch // the last epoch that Python sent
    this.echoes = [] // epochs that we sent and that will come back
    this.store = new Store({ base, run, token }, () => this.arrived())
    this.cursor = new Cursor(
      this.store,
      {
        draw: () => this.draw(),
        rested: (at) => {
          if (at !== null) this.echoes.push(at)
          this.component.setStateValue("cursor", at)
        },
      },
      epoch,
    )
    this.selection = new Selection(() => this.draw())
    const ctx = {
      selection: this.selection,
      tool: (name, body) => this.tool(name, body),
      store: this.store,
      cursor: this.cursor,
      assets,
      tell: (text) => this.tell(text),
      draw: () => this.draw(),
      open: (other) => this.component.setTriggerValue("opened", other),
      repeat: (threshold) => this.component.setTriggerValue("threshold", threshold),
      fail: (text) => this.component.setTriggerValue("failed", text),
    }
    this.transport = createTransport(ctx, task)
    this.verdict = createVerdict()
    this.guide = createGuide(ctx, this.nextSteps(task))
    // Only runs with pseudo-labels have something to hide.
    this.oracle = task === "pseudo" ? new Oracle(run, () => this.draw()) : null
    this.story = this.oracle && createStory(this.oracle)
    this.banner = el("div", { class: "stage-banner", role: "status", hidden: true })
    this.message = el("div", { class: "stage-message", role: "alert", hidden: true })
    this.panels = (SETS[task] ?? SETS.autoencoder).map((panel) => framePanel(panel, ctx))
    this.lab = createLab(ctx, task)
    this.name = el("h2", {})
    this.deviceLabel = el("summary", {})
    this.deviceReason = el("p", {})
    this.device = el(
      "details",
      { "data-testid": "stage-device", hidden: true },
      this.deviceLabel,
      this.deviceReason,
    )
    this.root = el(
      "div",
      { class: "stage", "data-testid": "stage", "data-run": run, "data-task": task, tabindex: "-1" },
      el("div", { class: "stage-title" }, this.name, this.guide.show, this.device),
      this.transport.root,
      this.message,
      this.banner,
      this.verdict.root,
      this.guide.root,
      this.story?.root,
      el("div", { class: "stage-panels" }, ...this.panels.map((panel) => panel.node)),
      this.lab.root,
    )
    this.loadStyle(assets).then(() => this.resize())
    component.parentElement.replaceChildren(this.root)
    this.onKey = (event) => this.key(event)
    document.addEventListener("keydown", this.onKey)
    this.observer = new ResizeObserver(() => this.resize())
    this.panels.forEach((panel) => this.observer.observe(panel.body))
  }

  /** What a person can do when a run has ended. */
  nextSteps(task) {
    const replay = {
      id: "replay",
      text: task === "pseudo" ? "Replay from the start" : "Replay from epoch 0",
      run: () => this.cursor.replayAll(),
    }
    const latent = {
      id: "latent",
      text: task === "autoencoder" ? "Explore its latent space" : "Explore its class scores",
      run: () => this.component.setTriggerValue("explored", this.run),
    }
    const decode = {
      id: "decode",
      text: "Decode the whole map",
      run: () => this.root.querySelector('[data-testid="map-lattice"]')?.click(),
      isThere: () => !this.root.querySelector('[data-testid="map-lattice"]')?.hidden,
    }
    if (task === "language") return [replay]
    return task === "autoencoder" ? [replay, decode, latent] : [replay, latent]
  }

  loadStyle(assets) {
    return Promise.all(
      ["style.css", "lab.css", "pseudo.css"].map((name) => this.loadSheet(`${assets}/stage/${name}`)),
    )
  }

  loadSheet(href) {
    if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve()
    return new Promise((resolve) => {
      const link = el("link", { rel: "stylesheet", href })
      link.onload = link.onerror = resolve
      document.head.append(link)
    })
  }

  /** A rerun: keep everything, take the new callbacks and, when Python asks for another epoch, go there. */
  renew(component) {
    this.component = component
    this.store.token = component.data.token
    const { epoch } = component.data
    if (this.isWish(epoch)) {
      const index = this.store.frames.indexOf(epoch)
      if (index >= 0) this.cursor.moveTo(index)
    }
    this.told = epoch
    this.draw()
  }

  /** Whether Python asks for an epoch, or only gives back, a rerun late, what the cursor has told it. */
  isWish(epoch) {
    if (epoch === null || epoch === this.told) return false
    const echo = this.echoes.indexOf(epoch)
    if (echo < 0) return epoch !== this.cursor.reported
    this.echoes.splice(0, echo + 1)
    return false
  }

  /** After each poll. */
  arrived() {
    const status = this.store.state?.status
    if (this.lastStatus !== undefined && status !== this.lastStatus)
      this.component.setStateValue("status", status)
    if (status) this.lastStatus = status
    this.cursor.follow()
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

  paint() {
    const { store, cursor } = this
    this.theme = readTheme(this.component.parentElement)
    this.root.dataset.theme = this.theme.isDark ? "dark" : "light"
    const rows = store.epochRows ?? []
    const epoch = cursor.frame?.epoch ?? cursor.epoch
    const early = store.earlyRows()
    const row =
      early.find((r) => r.step === cursor.frame?.step) ??
      rows.find((r) => r.epoch === epoch) ??
      rows[rows.length - 1]
    const whole = {
      state: store.state,
      rows: store.rows,
      epochRows: rows,
      earlyRows: early,
      frames: store.frames,
      statics: store.statics,
      theme: this.theme,
      cursor: epoch,
      isLive: cursor.isLive,
      frame: cursor.frame,
      row,
    }
    const view = this.oracle?.veil(whole) ?? whole
    this.drawTitle(store.state)
    this.transport.update(view)
    this.drawBanner(store.state)
    this.story?.update(view)
    for (const { made, text } of this.panels) {
      if (view.state) {
        made.update(view)
        setText(text, made.summary(view))
      }
    }
    this.verdict.update(view)
    this.guide.update(view)
    this.lab.update(view)
    cursor.painted()
    Object.assign(this.root.dataset, {
      status: store.state?.status ?? "",
      epoch: epoch ?? "",
      step: cursor.frame?.step ?? "",
      live: String(cursor.isLive),
      frames: store.frames.length,
      scrubMs: Math.round(cursor.scrubMs ?? 0),
    })
  }

  drawTitle(state) {
    if (!state) return
    setText(this.name, state.name || state.run)
    this.device.hidden = !state.device
    if (!state.device || this.deviceLabel.dataset.text === state.device.label) return
    this.deviceLabel.dataset.text = state.device.label
    this.deviceLabel.replaceChildren(`Device: ${state.device.label} `, el("span", {}, "why?"))
    setText(this.deviceReason, state.device.reason)
  }

  drawBanner(state) {
    const [tone, text] = bannerOf(state, this.store)
    this.banner.hidden = !text
    if (!text || this.banner.dataset.text === text) return
    this.banner.dataset.text = text
    this.banner.dataset.tone = tone
    this.banner.replaceChildren(icon(tone === "info" ? "info" : "warn"), el("span", {}, text))
  }

  /** A tool at the cursor's epoch. Weights can be kept of fewer epochs than frames; the lab says so. */
  async tool(name, body) {
    const epoch = this.cursor.isLive ? null : this.cursor.epoch
    const answer = await this.store.tool(name, { epoch, ...body })
    if (epoch !== null && typeof answer.about?.epoch === "number")
      this.lab.answered(epoch, answer.about.epoch)
    return answer
  }

  tell(text) {
    this.message.hidden = !text
    if (text) {
      this.message.replaceChildren(
        icon("warn"),
        el("span", {}, text),
        el(
          "button",
          { class: "stage-chip", type: "button", "aria-label": "Dismiss", onclick: () => this.tell("") },
          icon("close"),
        ),
      )
    }
  }

  /** Arrow keys and space, unless someone is typing or another control wants them. */
  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.target
    const isOurs = this.root.contains(target) || target === document.body
    const wantsKeys = target.matches?.("input:not([type=range]), select, textarea, [contenteditable=true]")
    if (!isOurs || wantsKeys || this.lab.root.contains(target)) return
    const last = this.store.frames.length - 1
    const moves = {
      ArrowLeft: () => this.cursor.moveBy(-1),
      ArrowRight: () => this.cursor.moveBy(1),
      Home: () => this.cursor.moveTo(0),
      End: () => (ENDED.includes(this.store.state?.status) ? this.cursor.moveTo(last) : this.cursor.goLive()),
    }
    if (event.key === " " && !target.matches?.("button")) moves[" "] = () => this.cursor.toggleReplay()
    if (!moves[event.key]) return
    event.preventDefault()
    moves[event.key]()
  }

  resize() {
    if (this.isGone) return
    this.panels.forEach(({ made }) => made.resize())
    this.lab.resize()
    this.draw()
  }

  destroy() {
    if (this.isGone) return
    this.isGone = true
    this.store.destroy()
    this.cursor.destroy()
    this.observer.disconnect()
    document.removeEventListener("keydown", this.onKey)
    this.panels.forEach(({ made }) => made.destroy())
    this.lab.destroy()
  }
}
