// The stage: transport bar, panels and verdict of one run. Long, because one class keeps all elements over Streamlit's
// reruns.

import { replaceParam } from "../lib/address.js"
import { closeBubbles } from "../lib/bubbles.js"
import { el, icon, setText } from "../lib/dom.js"
import { readTheme } from "../lib/theme.js"
import { tr } from "../lib/words.js"
import { bannerOf } from "./banner.js"
import { createBeside } from "./beside.js"
import { Cursor } from "./cursor.js"
import { sayIdentity } from "./facts.js"
import { FirstLook } from "./first_look.js"
import { framePanel } from "./frame.js"
import { createGuide, nextSteps } from "./guide.js"
import { createLab } from "./lab.js"
import { createLook } from "./look.js"
import { Oracle } from "./oracle.js"
import { isScenario } from "./scenarios.js"
import { Selection } from "./selection.js"
import { SETS } from "./sets.js"
import { ENDED, Store } from "./store.js"
import { createStory } from "./story.js"
import { Told } from "./told.js"
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

const LONGEST_NAME = 40
/** A run's name for a button. */
const short = (name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name)

class Stage {
  constructor(component) {
    this.component = component
    const {
      base,
      assets,
      run,
      token,
      epoch,
      task,
      beside,
      explained = { signs: {}, verdicts: {} }, // where no page opens a lesson
      offline,
      isWatched = false,
      look = "",
    } = component.data
    this.run = run
    this.told = { epoch: new Told(epoch), beside: new Told(beside) }
    this.store = new Store({ base, run, token }, () => this.arrived())
    this.cursor = new Cursor(
      this.store,
      {
        draw: () => this.draw(),
        rested: (at) => {
          if (isWatched) return // the address of the spotlight names no epoch
          if (at !== null) this.told.epoch.tell(at)
          if (!offline) replaceParam("epoch", at)
          this.component.setStateValue("cursor", at)
        },
      },
      epoch,
    )
    this.selection = new Selection(() => this.draw())
    this.firstLook = new FirstLook()
    const ctx = {
      shown: this.firstLook.shown,
      selection: this.selection,
      tool: (name, body) => this.tool(name, body),
      store: this.store,
      cursor: this.cursor,
      assets,
      task,
      isWatched,
      tell: (text) => this.tell(text),
      draw: () => this.draw(),
      open: (other) => this.component.setTriggerValue("opened", other),
      repeat: (threshold) => this.component.setTriggerValue("threshold", threshold),
      fail: (text) => this.component.setTriggerValue("failed", text),
    }
    this.transport = createTransport(ctx, task)
    this.verdict = createVerdict({
      ...explained,
      open: (place) => this.component.setTriggerValue("lesson", `${place.lesson}.${place.step}`),
    })
    const lattice = () => this.root.querySelector('[data-testid="map-lattice"]')
    this.guide = createGuide(
      nextSteps(task, {
        replay: () => this.cursor.replayAll(),
        decode: () => lattice()?.click(),
        canDecode: () => !lattice()?.hidden,
        go: (id) => this.component.setTriggerValue("next", id),
        more: (epochs) => this.component.setTriggerValue("more", epochs),
      }).filter((step) => !isWatched || step.id === "replay"),
    )
    // Only runs with pseudo-labels have something to hide.
    this.oracle = task === "pseudo" || isScenario(task) ? new Oracle(run, () => this.draw()) : null
    this.story = this.oracle && createStory(this.oracle, task)
    // Only runs that learn from views can be broken on purpose.
    this.beside =
      task === "views" && !offline && !isWatched
        ? createBeside(ctx, {
            wish: beside,
            chosen: (other) => {
              this.told.beside.tell(other)
              this.component.setStateValue("beside", other)
            },
            resized: (node) => this.observer.observe(node),
          })
        : null
    this.bannerIcon = el("span", { class: "stage-banner-icon" })
    this.bannerSaid = el("span", { class: "stage-banner-said", role: "status" })
    this.bannerActs = el("span", { class: "stage-banner-acts" })
    this.banner = el(
      "div",
      { class: "stage-banner", hidden: true },
      this.bannerIcon,
      this.bannerSaid,
      this.bannerActs,
    )
    this.message = el("div", { class: "stage-message", role: "alert", hidden: true })
    this.panels = (SETS[task] ?? SETS.autoencoder).map((panel, i) =>
      framePanel(panel, ctx, { isSpoken: i === 0 }),
    )
    this.grid = el("div", { class: "stage-panels" }, ...this.panels.map((panel) => panel.node))
    this.look = createLook(this.grid, this.panels)
    this.look.wish(look)
    this.lab = createLab(ctx, offline || isWatched ? "" : task) // its tools ask the network
    this.name = el("h2", {})
    this.deviceLabel = el("summary", {})
    this.deviceReason = el("span", {})
    this.identity = el("small", { "data-testid": "stage-identity" })
    this.device = el(
      "details",
      { class: "bubble", "data-testid": "stage-device", hidden: true },
      this.deviceLabel,
      el("p", {}, this.deviceReason, this.identity),
    )
    this.root = el(
      "div",
      {
        class: "stage",
        "data-testid": "stage",
        "data-run": run,
        "data-task": task,
        "data-offline": Boolean(offline),
        "data-watched": String(isWatched),
        tabindex: "-1",
      },
      el("div", { class: "stage-title" }, this.name, this.guide.show, this.device),
      this.transport.root,
      this.message,
      this.banner,
      this.verdict.root,
      this.guide.root,
      this.story?.root,
      this.beside?.root,
      this.grid,
      this.lab.root,
    )
    if (!offline) {
      this.root.style.visibility = "hidden" // not a moment without its styles
      this.loadStyle(assets).then(() => {
        this.root.style.visibility = ""
        this.resize()
      })
    }
    component.parentElement.replaceChildren(this.root)
    this.stopBubbles = closeBubbles(this.root)
    this.onKey = (event) => this.key(event)
    document.addEventListener("keydown", this.onKey)
    this.observer = new ResizeObserver(() => this.resize())
    this.panels.forEach((panel) => this.observer.observe(panel.body))
  }

  loadStyle(assets) {
    return Promise.all(
      ["style.css", "lab.css", "pseudo.css", "views.css", "scenarios.css"].map((name) =>
        this.loadSheet(`${assets}/stage/${name}`),
      ),
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
    const { epoch, beside, look = "" } = component.data
    this.look.wish(look)
    if (this.told.epoch.isWish(epoch) && epoch !== null && epoch !== this.cursor.reported) {
      const index = this.store.frames.indexOf(epoch)
      if (index >= 0) this.cursor.moveTo(index)
    }
    if (this.told.beside.isWish(beside)) this.beside?.wish(beside)
    this.draw()
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
    this.beside?.update(view)
    // The panels of this run alone give their place to those of both.
    this.grid.hidden = Boolean(this.beside?.isOn)
    if (!this.grid.hidden) for (const panel of this.panels) panel.update(view)
    this.verdict.update(view)
    this.guide.update(view)
    this.lab.update(view)
    cursor.painted()
    if (cursor.frame) this.look.painted()
    this.firstLook.painted(cursor.frame)
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
    this.deviceLabel.replaceChildren(
      tr("Device: {device}", { device: state.device.label }),
      " ",
      el("span", {}, tr("why?")),
    )
    setText(this.deviceReason, state.device.reason)
    setText(this.identity, sayIdentity(state.identity))
  }

  drawBanner(state) {
    const [tone, text] = bannerOf(state, this.store)
    this.banner.hidden = !text
    this.drawWaits(state?.waits, state?.tokens ?? {})
    if (!text || this.banner.dataset.text === text) return
    this.banner.dataset.text = text
    setText(this.bannerSaid, text)
    if (this.banner.dataset.tone === tone) return
    this.banner.dataset.tone = tone
    this.bannerIcon.replaceChildren(icon(tone === "info" ? "info" : "warn"))
  }

  /** Buttons for the runs that this one waits for; made anew only when those are others, since the time left changes all the time. */
  drawWaits(waits, tokens) {
    const key = waits ? `${waits.ahead.run} ${waits.working?.run ?? ""}` : ""
    if (this.bannerActs.dataset.key === key) return
    this.bannerActs.dataset.key = key
    if (!waits) return this.bannerActs.replaceChildren()
    const { ahead, working } = waits
    const act = (id, text, title, onclick) =>
      el("button", { class: "stage-chip", type: "button", title, "data-testid": id, onclick }, text)
    const open = act(
      "waits-open",
      tr("Open {name}", { name: short(ahead.name) }),
      tr("Open {name}", { name: ahead.name }),
      () => this.component.setTriggerValue("opened", ahead.run),
    )
    const pause =
      working &&
      act(
        "waits-pause",
        tr("Pause {name}", { name: short(working.name) }),
        tr("Pause {name}, so that the next in the queue starts; it can be resumed later", {
          name: working.name,
        }),
        async () => {
          pause.disabled = true
          const answer = await this.store.command(
            "control",
            { action: "pause" },
            { run: working.run, token: tokens[working.run] },
          )
          pause.disabled = false
          if (answer.error) this.tell(answer.error)
        },
      )
    this.bannerActs.replaceChildren(open, ...(pause ? [pause] : []))
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
          { class: "stage-chip", type: "button", "aria-label": tr("Dismiss"), onclick: () => this.tell("") },
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
    if (event.key === " " && !target.matches?.("button, summary"))
      moves[" "] = () => this.cursor.toggleReplay()
    if (!moves[event.key]) return
    event.preventDefault()
    moves[event.key]()
  }

  resize() {
    if (this.isGone) return
    this.panels.forEach(({ made }) => made.resize())
    this.beside?.resize()
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
    this.stopBubbles()
    this.panels.forEach(({ made }) => made.destroy())
    this.beside?.destroy()
    this.lab.destroy()
  }
}
