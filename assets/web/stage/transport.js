// The transport bar: pause, one epoch, stop, rerun; the cursor; live, replay; speed and learning rate.

import { el, icon, setText } from "../lib/dom.js"
import { ENDED } from "./store.js"

const SPEEDS = [
  [0, "Full speed"],
  [10, "10 epochs/s"],
  [5, "5 epochs/s"],
  [2, "2 epochs/s"],
  [1, "1 epoch/s"],
]

/** A button's name for screen readers begins with what is written on it, so that speaking it presses it. */
const named = (label, help) => `${label}: ${help}`

/**
 * @param {object} ctx store, cursor and what the stage shares
 *   isWatched: the run is somebody else's, and only looked at
 * @param {string} task of the run; its unit is a round or an epoch
 */
export function createTransport(ctx, task = "") {
  const { store, cursor } = ctx
  const unit = task === "pseudo" ? "round" : "epoch"
  const Unit = unit[0].toUpperCase() + unit.slice(1)
  let expected = null // status that a command has asked for, until the server confirms it
  let wish = null // the button, learning rate or speed that was asked for, until then
  let forget = 0

  const button = (id, symbol, label, help, onclick) =>
    el(
      "button",
      {
        class: "stage-button",
        type: "button",
        title: help,
        "aria-label": named(label, help),
        "data-testid": `stage-${id}`,
        onclick,
      },
      icon(symbol),
      el("span", {}, label),
    )

  const pause = button("pause", "pause", "Pause", "Pause the training", () => {
    const isPaused = (expected ?? store.state.status) === "paused"
    const canResume = ENDED.includes(store.state.status)
    send(
      { action: isPaused || canResume ? "resume" : "pause" },
      isPaused ? "running" : canResume ? "queued" : "paused",
    )
  })
  const step = button("step", "step", `1 ${unit}`, `Train one ${unit}, then pause`, () =>
    send({ action: "step" }, null, { button: "step" }),
  )
  const stop = button(
    "stop",
    "stop",
    "Stop",
    "Stop this run; what it learned is kept, and it can be resumed",
    () => send({ action: "stop" }, null, { button: "stop" }),
  )
  const repeat = button(
    "repeat",
    "repeat",
    "Rerun, same seed",
    "Start a new run with the same settings and seed; without live changes it repeats the same curve",
    async () => {
      repeat.disabled = true
      const answer = await store.command("repeat", {
        submission: crypto.randomUUID?.() ?? String(Math.random()),
      })
      repeat.disabled = false
      if (answer.error) ctx.tell(answer.error)
      else ctx.open(answer.run)
    },
  )

  const range = el("input", {
    type: "range",
    class: "stage-range",
    min: 0,
    max: 0,
    step: 1,
    value: 0,
    "aria-label": Unit,
    "data-testid": "stage-cursor",
    oninput: () => cursor.moveToEpoch(Number(range.value)),
  })
  const counter = el("output", { class: "stage-counter" })
  const live = el(
    "button",
    {
      class: "stage-button stage-live",
      type: "button",
      title: `Follow the newest ${unit}`,
      "data-testid": "stage-live",
      onclick: () => cursor.goLive(),
    },
    el("span", { class: "stage-dot", "aria-hidden": "true" }),
    el("span", {}, "Live"),
  )
  const replay = button("replay", "replay", "Replay", `Replay all ${unit}s, ten per second (space)`, () =>
    cursor.toggleReplay(),
  )
  replay.classList.add("stage-replay")
  const rate = el("button", {
    class: "stage-button stage-rate",
    type: "button",
    title: "Speed of the replay",
    "data-testid": "stage-replay-rate",
    onclick: () => cursor.cycleSpeed(),
  })

  const speed = el(
    "select",
    {
      class: "stage-input",
      "aria-label": "Training speed",
      title: "Slow the training down to watch it",
      "data-testid": "stage-speed",
      onchange: () =>
        send({ action: "set", name: "epochs_per_second", value: Number(speed.value) }, null, {
          speed: Number(speed.value),
        }),
    },
    ...SPEEDS.map(([value, label]) => el("option", { value }, label.replace("epoch", unit))),
  )
  const lr = el("input", {
    class: "stage-input stage-lr",
    type: "text",
    inputmode: "decimal",
    "aria-label": "Learning rate",
    title: "Size of Adam's steps; takes effect at the next step",
    "data-testid": "stage-lr",
    onkeydown: (event) => {
      if (event.key === "Enter") lr.blur()
    },
    onblur: () => setLearningRate(),
  })

  function setLearningRate() {
    const value = Number(lr.value.trim().replace(",", "."))
    if (value === (wish?.learningRate ?? store.state?.learning_rate)) return
    if (!(value > 0 && value <= 10)) {
      ctx.tell(`The learning rate must be a number above 0 and at most 10; found "${lr.value}".`)
      lr.value = formatRate(store.state.learning_rate)
      return
    }
    send({ action: "set", name: "learning_rate", value }, null, { learningRate: value })
  }

  async function send(body, next, asked = null) {
    expected = next
    wish = asked
    clearTimeout(forget)
    ctx.tell("")
    ctx.draw()
    const answer = await store.command("control", body)
    if (wish !== asked || expected !== next) return // a later command took over
    if (answer.error) {
      expected = wish = null
      ctx.tell(answer.error)
      ctx.draw()
    }
    // If nothing confirms the wish, the truth is shown again.
    forget = setTimeout(() => {
      expected = wish = null
      ctx.draw()
    }, 2500)
  }

  const root = el(
    "div",
    { class: "stage-bar", role: "toolbar", "aria-label": `Training and ${unit}s` },
    ctx.isWatched ? null : el("div", { class: "stage-group" }, pause, step, stop, repeat),
    el(
      "div",
      { class: "stage-group stage-scrub" },
      el("span", { class: "stage-label" }, Unit),
      range,
      counter,
      live,
      replay,
      rate,
    ),
    ctx.isWatched
      ? null
      : el(
          "div",
          { class: "stage-group" },
          el("label", { class: "stage-label" }, "Speed ", speed),
          el("label", { class: "stage-label" }, "LR ", lr),
        ),
  )

  function update() {
    const state = store.state
    if (!state) return
    if (expected === state.status) expected = null
    if (wish && isGranted(state)) wish = null
    const status = expected ?? state.status
    const isEnded = ENDED.includes(status),
      isPaused = status === "paused"
    const canResume = status === "interrupted" || (status === "stopped" && state.epoch > 0)
    setButton(
      pause,
      isPaused || canResume ? "play" : "pause",
      isPaused || canResume ? "Resume" : "Pause",
      isPaused
        ? "Resume the training"
        : canResume
          ? "Continue from the last checkpoint"
          : "Pause the training",
    )
    pause.disabled = (isEnded && !canResume) || status === "queued"
    step.disabled = isEnded || status === "queued" || wish?.button === "step"
    stop.disabled = isEnded || wish?.button === "stop"
    setText(stop.lastChild, wish?.button === "stop" ? "Stopping" : "Stop")
    speed.disabled = lr.disabled = isEnded
    root.classList.toggle("is-ended", isEnded && !canResume)
    // The slider has all epochs that the run is to have, so that it shows how far the run has come.
    const last = Math.max(0, store.frames.length - 1)
    const newest = store.frames[last] ?? 0
    const epochs = Math.max(state.epochs, newest)
    if (Number(range.max) !== epochs) range.max = epochs
    const shown = cursor.frame?.epoch ?? cursor.epoch ?? state.epoch
    if (Number(range.value) !== shown) range.value = shown
    const within = cursor.frame?.step ? `, step ${cursor.frame.step} of ${state.steps_per_epoch}` : ""
    range.setAttribute("aria-valuetext", `${unit} ${shown} of ${state.epochs}${within}`)
    range.style.setProperty("--filled", `${(100 * shown) / Math.max(1, epochs)}%`)
    range.style.setProperty("--trained", `${(100 * newest) / Math.max(1, epochs)}%`)
    setText(counter, `${shown} / ${state.epochs}${within}`)
    live.classList.toggle("is-on", cursor.isLive && !isEnded && !isPaused)
    live.setAttribute("aria-pressed", String(cursor.isLive))
    setText(live.lastChild, isEnded ? "Last" : "Live")
    live.title = isEnded ? `Go to the last ${unit}` : `Follow the newest ${unit}`
    setButton(
      replay,
      cursor.isReplaying ? "replaying" : "replay",
      cursor.isReplaying ? "Stop replay" : "Replay",
      cursor.isReplaying ? "Stop the replay (space)" : `Replay all ${unit}s, ten per second (space)`,
    )
    replay.disabled = last < 1
    setText(rate, `${cursor.speed}×`)
    if (document.activeElement !== lr) lr.value = formatRate(wish?.learningRate ?? state.learning_rate)
    if (document.activeElement !== speed) chooseSpeed(wish?.speed ?? state.epochs_per_second)
  }

  const isGranted = (state) =>
    wish.learningRate === state.learning_rate ||
    wish.speed === state.epochs_per_second ||
    (wish.button === "stop" && ENDED.includes(state.status))

  function chooseSpeed(value) {
    if (![...speed.options].some((option) => Number(option.value) === value)) {
      speed.append(el("option", { value }, `${value} ${unit}s/s`))
    }
    speed.value = String(value)
  }

  function setButton(node, symbol, label, help) {
    if (node.dataset.symbol !== symbol) {
      node.dataset.symbol = symbol
      node.firstChild.replaceWith(icon(symbol))
    }
    setText(node.lastChild, label)
    node.title = help
    node.setAttribute("aria-label", named(label, help))
  }

  return { root, update }
}

const formatRate = (value) =>
  value >= 0.01 || value === 0 ? String(value) : value.toExponential().replace("e-", "e-")
