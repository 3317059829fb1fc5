// On Home: an invitation to the tour, and a quiet button to repeat it once it was seen or put aside.

import { el } from "../lib/dom.js"
import { addStyles } from "./styles.js"
import { isSeen, markSeen, openTour } from "./tour.js"

/** @param {{parentElement: HTMLElement, data: {assets: string, base: string, tour: object}}} component */
export function mount({ parentElement, data }) {
  const { assets, base, tour } = data
  const { words } = tour
  addStyles(assets)
  const begin = () => openTour(tour, base)
  const draw = () => {
    const children = isSeen()
      ? [el("button", { type: "button", class: "invite-again", onclick: begin }, words.again)]
      : [
          el("p", {}, words.invite),
          el("button", { type: "button", onclick: begin }, words.begin),
          el("button", { type: "button", class: "invite-again", onclick: markSeen }, words.later),
        ]
    root.classList.toggle("is-seen", isSeen())
    root.replaceChildren(...children)
  }
  const root = el("div", { class: "invite", "data-testid": "invite" })
  draw()
  parentElement.replaceChildren(root)
  document.addEventListener("studio-tour", draw)
  return () => document.removeEventListener("studio-tour", draw)
}
