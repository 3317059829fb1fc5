// What panels and tabs share when they ask the server: one request at a time, and a place for its answer.

import { el, setText } from "../lib/dom.js"

/** At most one request running and one waiting: a newer wish replaces the one that waits. */
export function latest() {
  let isBusy = false,
    waiting = null
  const run = (ask, resolve) => {
    isBusy = true
    Promise.resolve(ask())
      .then(resolve, () => resolve(null))
      .finally(() => {
        isBusy = false
        if (!waiting) return
        const next = waiting
        waiting = null
        run(next.ask, next.resolve)
      })
  }
  return (ask) =>
    new Promise((resolve) => {
      if (!isBusy) return run(ask, resolve)
      waiting?.resolve(null)
      waiting = { ask, resolve }
    })
}

/**
 * A part of a tab that asks a tool and draws the answer in its place: the old picture stays, dimmed, until the new one
 * is there; an error is said in words.
 */
export function asker(body, draw) {
  const ask = latest()
  const problem = el("p", { class: "lab-problem", role: "status", hidden: true })
  const target = el("div", {})
  body.append(problem, target)
  let shown = "",
    wanted = ""
  return {
    target,
    /** Ask when `key` differs from what is shown. */
    want(key, request) {
      if (key === wanted) return
      wanted = key
      target.classList.add("is-old")
      ask(request).then((answer) => {
        if (answer === null || key !== wanted) return
        target.classList.remove("is-old")
        problem.hidden = !answer.error
        setText(problem, answer.error ?? "")
        // An error is asked about again at the next change; an old picture beside it would be of something else.
        if (answer.error) {
          target.replaceChildren()
          wanted = ""
        } else {
          shown = key
          draw(answer, target)
        }
      })
    },
    forget() {
      wanted = ""
    },
    get shown() {
      return shown
    },
  }
}

/** What changes when the epoch does: the kept epoch that is shown, and again while a run is running. */
export const epochKey = (view) => `${view.cursor ?? ""}`
