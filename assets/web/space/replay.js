// Playback over the epochs of a map: a button, a slider, and where it stands.

import { el, icon, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"

const PLAY_MS = 650
const REST_MS = 500

/**
 * Shows places one after the other, at most one at a time: of what is asked for meanwhile only the newest is shown.
 * @param {(index: number) => Promise<void>} show
 * @returns {(index: number) => Promise<void>}
 */
export function oneAtATime(show) {
  let isMoving = false
  let next = null
  return async function go(index) {
    if (isMoving) {
      next = index
      return
    }
    isMoving = true
    await show(index)
    isMoving = false
    if (next === null) return
    const wanted = next
    next = null
    await go(wanted)
  }
}

/**
 * @param {{epochs: () => number[], show: (epoch: number) => Promise<void>, rested: (epoch: number) => void,
 * fail: (error: Error) => void}} acts epochs: those that there are; rested: the one at which it has stayed for a moment
 */
export function createReplay({ epochs, show, rested, fail }) {
  let isPlaying = false
  let player = 0
  let resting = 0
  const play = el(
    "button",
    { class: "stage-button", type: "button", "aria-label": tr("Play the epochs"), onclick: toggle },
    icon("play"),
  )
  const range = el("input", {
    type: "range",
    class: "stage-range",
    min: "0",
    step: "1",
    "aria-label": tr("Epoch"),
    oninput: () => go(+range.value),
  })
  const counter = el("span", { class: "stage-counter" })
  const root = el("div", { class: "stage-group space-replay", hidden: true }, play, range, counter)

  const say = (epoch) => setText(counter, epochs().length > 1 ? tr("Epoch {epoch}", { epoch }) : "")

  const go = oneAtATime(async (index) => {
    try {
      const epoch = epochs()[index]
      await show(epoch)
      range.value = String(index)
      say(epoch)
      clearTimeout(resting)
      resting = setTimeout(() => {
        if (!isPlaying) rested(epoch)
      }, REST_MS)
    } catch (error) {
      fail(error)
    }
  })

  function toggle() {
    isPlaying = !isPlaying
    play.replaceChildren(icon(isPlaying ? "pause" : "play"))
    play.setAttribute("aria-label", isPlaying ? tr("Pause") : tr("Play the epochs"))
    clearInterval(player)
    if (!isPlaying) return go(+range.value)
    if (+range.value === +range.max) go(0)
    player = setInterval(() => {
      const next = +range.value + 1
      if (next > +range.max) return toggle()
      range.value = String(next)
      go(next)
    }, PLAY_MS)
  }

  return {
    root,
    /** Begin with the epochs that there are, at the one that is shown. */
    offer(epoch) {
      const done = epochs()
      root.hidden = done.length < 2
      range.max = String(done.length - 1)
      range.value = String(done.indexOf(epoch))
      say(epoch)
    },
    destroy() {
      clearInterval(player)
      clearTimeout(resting)
    },
  }
}
