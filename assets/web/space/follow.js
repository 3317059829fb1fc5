// PCA is there at once, and UMAP follows by itself: announced, not while someone reads the map, and only until it is stopped.

import { el, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"

export const FLOW_MS = 1500 // how long PCA is looked at before UMAP follows

/**
 * Says that another map follows and starts it, unless someone stays or is using the map: then a button does.
 * @param {{isUsed: () => boolean, start: () => void, title?: string}} acts
 */
export function createFollow({ isUsed, start, title = "UMAP" }) {
  let timer = 0
  const said = el("span", {})
  const stay = el(
    "button",
    { class: "stage-chip", type: "button", "data-testid": "space-stay", onclick: () => offer("") },
    tr("Stay with this map"),
  )
  const show = el(
    "button",
    { class: "stage-chip", type: "button", "data-testid": "space-follow", onclick: () => go() },
    tr("Show {map}", { map: title }),
  )
  const root = el(
    "div",
    { class: "space-follow", role: "status", hidden: true, "data-testid": "space-following" },
    said,
    stay,
    show,
  )

  function go() {
    clearTimeout(timer)
    root.hidden = true
    start()
  }

  /** Leaves it to the person. */
  function offer(text) {
    clearTimeout(timer)
    root.hidden = false
    setText(said, text)
    stay.hidden = true
    show.hidden = false
  }

  return {
    root,
    offer,
    /** Announce, wait a moment, and go on where nobody uses the map. */
    begin() {
      setText(said, tr("{map} follows in a moment.", { map: title }))
      root.hidden = stay.hidden = false
      show.hidden = true
      timer = setTimeout(() => (isUsed() ? offer("") : go()), FLOW_MS)
    },
    destroy: () => clearTimeout(timer),
  }
}

/** Whether someone reads or uses a map: the pointer or the focus is on it, or points are selected. */
export const isInUse = (root, selection) =>
  root.matches(":hover") || root.contains(document.activeElement) || selection.size > 0
