// The transport bar: pause, one epoch, stop, rerun; the cursor; live, replay; speed and learning rate.

import { el, icon, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { ENDED } from "./store.js"

const SPEEDS = [0, 10, 5, 2, 1] // epochs per second; 0 does not wait

function sayUnit(isRound) {
  if (isRound)
    return {
      unit: tr("Round"),
      one: tr("1 round"),
      step: tr("Train one round, then pause"),
      follow: tr("Follow the newest round"),
      last: tr("Go to the last round"),
      replay: tr("Replay all rounds, ten per second (space)"),
      bar: tr("Training and rounds"),
    }
  return {
    unit: tr("Epoch"),
    one: tr("1 epoch"),
    step: tr("Train one epoch, then pause"),
    follow: tr("Follow the newest epoch"),
    last: tr("Go to the last epoch"),
    replay: tr("Replay all epochs, ten per second (space)"),
    bar: tr("Training and epochs"),
  }
}

function saySpeed(rate, isRound) {
  if (rate === 0) return tr("Full speed")
  if (rate === 1) return isRound ? tr("1 round/s") : tr("1 epoch/s")
  return isRound ? tr("{rate} rounds/s", { rate }) : tr("{rate} epochs/s", { rate })
}

/** A button's name for screen readers begins with what is written on it, so that speaking it presses it. */
const named = (label, help) => `${label}: ${help}`

/**
 * @param {object} ctx store, cursor and what the stage shares
 *   isWatched: the run is somebody else's, and only looked at
 * @param {string} task of the run; its unit is a round or an epoch
 */
export function createTransport(ctx, task = "") {
  const { store, cursor } = ctx
  const isRound = task === "pseudo"
  const said = sayUnit(isRound)
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

  const pause = button("pause", "pause", tr("Pause"), tr("Pause the training"), () => {
    const isPaused = (expected ?? store.state.status) === "paused"
    const canResume = ENDED.includes(store.state.status)
    send(
      { action: isPaused || canResume ? "resume" : "pause" },
      isPaused ? "running" : canResume ? "queued" : "paused",
    )
  })
  const step = button("step", "step", said.one, said.step, () =>
    send({ action: "step" }, null, { button: "step" }),
  )
  const stop = button(
    "stop",
    "stop",
    tr("Stop"),
    tr("Stop this run; what it learned is kept, and it can be resumed"),
    () => send({ action: "stop" }, null, { button: "stop" }),
  )
  const repeat = button(
    "repeat",
    "repeat",
    tr("Rerun, same seed"),
    tr("Start a new run with the same settings and seed; without live changes it repeats the same curve"),
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
    "aria-label": said.unit,
    "data-testid": "stage-cursor",
    oninput: () => cursor.moveToEpoch(Number(range.value)),
  })
  const counter = el("output", { class: "stage-counter" })
  const live = el(
    "button",
    {
      class: "stage-button stage-live",
      type: "button",
      title: said.follow,
      "data-testid": "stage-live",
      onclick: () => cursor.goLive(),
    },
    el("span", { class: "stage-dot", "aria-hidden": "true" }),
    el("span", {}, tr("Live")),
  )
  const replay = button("replay", "replay", tr("Replay"), said.replay, () => cursor.toggleReplay())
  replay.classList.add("stage-replay")
  const rate = el("button", {
    class: "stage-button stage-rate",
    type: "button",
    title: tr("Speed of the replay"),
    "data-testid": "stage-replay-rate",
    onclick: () => cursor.cycleSpeed(),
  })

  const speed = el(
    "select",
    {
      class: "stage-input",
      "aria-label": tr("Training speed"),
      title: tr("Slow the training down to watch it"),
      "data-testid": "stage-speed",
      onchange: () =>
        send({ action: "set", name: "epochs_per_second", value: Number(speed.value) }, null, {
          speed: Number(speed.value),
        }),
    },
    ...SPEEDS.map((value) => el("option", { value }, saySpeed(value, isRound))),
  )
  const lr = el("input", {
    class: "stage-input stage-lr",
    type: "text",
    inputmode: "decimal",
    "aria-label": tr("Learning rate"),
    title: tr("Size of Adam's steps; takes effect at the next step"),
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
      ctx.tell(
        tr('The learning rate must be a number above 0 and at most 10; found "{value}".', {
          value: lr.value,
        }),
      )
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
    { class: "stage-bar", role: "toolbar", "aria-label": said.bar },
    ctx.isWatched ? null : el("div", { class: "stage-group" }, pause, step, stop, repeat),
    el(
      "div",
      { class: "stage-group stage-scrub" },
      el("span", { class: "stage-label" }, said.unit),
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
          el("label", { class: "stage-label" }, tr("Speed"), " ", speed),
          el("label", { class: "stage-label" }, tr("LR"), " ", lr),
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
      isPaused || canResume ? tr("Resume") : tr("Pause"),
      isPaused
        ? tr("Resume the training")
        : canResume
          ? tr("Continue from the last checkpoint")
          : tr("Pause the training"),
    )
    pause.disabled = (isEnded && !canResume) || status === "queued"
    step.disabled = isEnded || status === "queued" || wish?.button === "step"
    stop.disabled = isEnded || wish?.button === "stop"
    setText(stop.lastChild, wish?.button === "stop" ? tr("Stopping") : tr("Stop"))
    speed.disabled = lr.disabled = isEnded
    root.classList.toggle("is-ended", isEnded && !canResume)
    // The slider has all epochs that the run is to have, so that it shows how far the run has come.
    const last = Math.max(0, store.frames.length - 1)
    const newest = store.frames[last] ?? 0
    const epochs = Math.max(state.epochs, newest)
    if (Number(range.max) !== epochs) range.max = epochs
    const shown = cursor.frame?.epoch ?? cursor.epoch ?? state.epoch
    if (Number(range.value) !== shown) range.value = shown
    const at = cursor.frame?.step
    const within = at ? tr(", step {step} of {steps}", { step: at, steps: state.steps_per_epoch }) : ""
    const place = isRound
      ? tr("round {round} of {rounds}", { round: shown, rounds: state.epochs })
      : tr("epoch {epoch} of {epochs}", { epoch: shown, epochs: state.epochs })
    range.setAttribute("aria-valuetext", `${place}${within}`)
    range.style.setProperty("--filled", `${(100 * shown) / Math.max(1, epochs)}%`)
    range.style.setProperty("--trained", `${(100 * newest) / Math.max(1, epochs)}%`)
    setText(counter, `${shown} / ${state.epochs}${within}`)
    live.classList.toggle("is-on", cursor.isLive && !isEnded && !isPaused)
    live.setAttribute("aria-pressed", String(cursor.isLive))
    setText(live.lastChild, isEnded ? tr("Last") : tr("Live"))
    live.title = isEnded ? said.last : said.follow
    setButton(
      replay,
      cursor.isReplaying ? "replaying" : "replay",
      cursor.isReplaying ? tr("Stop replay") : tr("Replay"),
      cursor.isReplaying ? tr("Stop the replay (space)") : said.replay,
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
      speed.append(el("option", { value }, saySpeed(value, isRound)))
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
