// A link from a verdict or a sign of trouble to the step of a lesson that explains it.

import { el } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { isScenario } from "./scenarios.js"

/**
 * @typedef {{lesson: number, step: number}} Place
 * @typedef {{signs: Record<string, Place>, verdicts: Record<string, Place>, open: (place: Place) => void}} Explained
 * verdicts: of the run's task, by outcome.
 */

/** What a tone above the panels means where a network is compared with something simple. */
const OUTCOMES = { good: "better", even: "even", bad: "worse" }

/** The outcome of what is said above the panels; undefined while nothing is. */
export function outcomeOf(state, tone, text) {
  if (!text) return undefined
  const hasVerdict = ["pseudo", "views"].includes(state.task) || isScenario(state.task)
  return hasVerdict ? state.verdict?.outcome : OUTCOMES[tone]
}

/**
 * @param {Explained} explained
 * @param {Place | undefined} place
 * @returns {?HTMLElement} null where no lesson explains it
 */
export function lessonLink(explained, place) {
  if (!place) return null
  const address = new URLSearchParams(globalThis.location?.search ?? "")
  address.set("lesson", place.lesson)
  address.set("step", place.step)
  return el(
    "a",
    {
      class: "stage-lesson",
      href: `?${address}`,
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        explained.open(place)
      },
    },
    tr("What does this mean? Lesson {lesson}", { lesson: place.lesson }),
  )
}
