// The tour: a dialog with one stop after another. Arrow keys turn, Esc ends it; that it was seen is kept.

import { el, setText } from "../lib/dom.js"

const SEEN = "selfsup-tour"
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches

/** Whether somebody at this browser has begun the tour, or did not want it. */
export function isSeen() {
  try {
    return localStorage.getItem(SEEN) === "seen"
  } catch {
    return false // a browser that keeps nothing
  }
}

export function markSeen() {
  try {
    localStorage.setItem(SEEN, "seen")
  } catch {
    // It will be offered again.
  }
  document.dispatchEvent(new CustomEvent("studio-tour"))
}

/**
 * Open it at its first stop.
 * @param {{stops: object[], words: Record<string, string>}} tour
 * @param {string} base where the app is served
 */
export function openTour({ stops, words }, base) {
  if (document.querySelector(".tour")) return
  markSeen()
  let at = 0
  const picture = el("img", { width: 480, height: 270, class: "preview" })
  const title = el("h2", { tabindex: -1 })
  const text = el("p", {})
  const place = el("p", { class: "tour-place" })
  const dots = el("div", { class: "tour-dots", "aria-hidden": "true" }, ...stops.map(() => el("span")))
  const step = el("p", { class: "tour-step", role: "status" })
  const back = el("button", { type: "button", onclick: () => turn(-1) }, words.back)
  const next = el("button", { type: "button", class: "share-main", onclick: () => turn(1) }, words.next)
  const skip = el("button", { type: "button", class: "tour-skip", onclick: () => dialog.close() }, words.skip)
  const lessons = el("a", { href: `${base}/learn`, class: "tour-lessons" }, words.lessons)
  const dialog = el(
    "dialog",
    { class: "tour", "aria-label": words.name, "data-testid": "tour" },
    picture,
    el("div", { class: "tour-text" }, title, text, place),
    el("div", { class: "tour-way" }, dots, step),
    el("div", { class: "tour-buttons" }, skip, lessons, back, next),
  )
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by) turn(by, false)
  })
  dialog.addEventListener("close", () => dialog.remove())

  /** Args: isDone: whether going on from the last stop ends the tour. */
  function turn(by, isDone = true) {
    if (at + by >= stops.length && isDone) return dialog.close()
    at = Math.max(0, Math.min(at + by, stops.length - 1))
    show()
    title.focus()
  }

  function show() {
    const stop = stops[at]
    picture.src = still() ? stop.still : stop.moving
    picture.alt = stop.alt
    setText(title, stop.title)
    setText(text, stop.text)
    setText(place, stop.page ? words.found.replace("{page}", stop.page) : "")
    setText(step, words.step.replace("{step}", at + 1).replace("{steps}", stops.length))
    for (const [number, dot] of [...dots.children].entries()) dot.classList.toggle("is-here", number === at)
    const isLast = at === stops.length - 1
    back.disabled = at === 0
    setText(next, isLast ? words.done : words.next)
    skip.hidden = isLast
    lessons.hidden = !isLast
    // The next picture is there before it is asked for.
    if (!isLast) new Image().src = still() ? stops[at + 1].still : stops[at + 1].moving
  }

  document.body.append(dialog)
  show()
  dialog.showModal()
  title.focus()
}
