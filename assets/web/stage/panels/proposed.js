// What was proposed for rows whose answer is hidden: some of the proposals that are kept, and some that are not.

import { el } from "../../lib/dom.js"

/**
 * A panel with a list of those that are kept, and one of the others.
 * @param {object} about
 * @param {string} about.id of the panel
 * @param {() => string} about.title
 * @param {(words: object) => ({is_kept: boolean}[] | undefined)} about.listed the proposals that a frame shows
 * @param {(words: object) => (string[] | undefined)} about.hidden the true answers, where they may be seen
 * @param {string} about.testId end of the items' names in tests
 * @param {(one: object, hidden: string | undefined, view: object) => (Node | null)[]} about.draw what an item shows
 * @param {() => string} about.kept title of the first list
 * @param {(view: object) => string} about.other of the second
 * @param {(state: object) => string} about.waiting why there are none yet
 * @param {(kept: object[]) => string} about.summary of those that are kept
 */
export function createProposed({ id, title, listed, hidden, testId, draw, kept, other, waiting, summary }) {
  return {
    id,
    get title() {
      return title()
    },
    isText: true,
    create(root) {
      const box = el("div", {
        class: "stage-scroll scenario-pairs",
        tabindex: "0",
        role: "group",
        "aria-label": title(),
      })
      root.body.append(box)
      let drawn = null

      function part(view, all, truth, isKept, heading) {
        const rows = all
          .map((one, i) => [one, truth?.[i]])
          .filter(([one]) => one.is_kept === isKept)
          .map(([one, answer]) =>
            el("li", { "data-testid": `${isKept ? "kept" : "other"}-${testId}` }, ...draw(one, answer, view)),
          )
        return rows.length ? [el("h4", {}, heading), el("ul", { class: "scenario-list" }, ...rows)] : []
      }

      return {
        update(view) {
          if (!view.frame || drawn === view.frame) return
          drawn = view.frame
          const words = view.frame.words ?? {}
          const all = listed(words)
          if (!all) {
            box.replaceChildren(el("p", { class: "stage-muted" }, waiting(view.state)))
            return
          }
          const truth = hidden(words)
          box.replaceChildren(
            ...part(view, all, truth, true, kept()),
            ...part(view, all, truth, false, other(view)),
          )
        },
        resize() {},
        destroy() {},
        summary(view) {
          const all = listed(view.frame?.words ?? {})
          return all ? summary(all.filter((one) => one.is_kept)) : waiting(view.state)
        },
      }
    },
  }
}

/** The head of an item: how sure it is, then the proposal. */
export const drawSure = (score, meaning, ...written) =>
  el(
    "p",
    { class: "scenario-written" },
    el("b", { class: "scenario-score", title: meaning }, score),
    " ",
    ...written,
  )

/** Whether a proposal is as the hidden answer, where that may be seen. */
export function drawTruth(text, hidden, { right, wrong }) {
  if (hidden === undefined) return null
  if (text === hidden) return el("p", { class: "scenario-right" }, right())
  return el("p", { class: "scenario-hidden" }, wrong(hidden || "…"))
}
