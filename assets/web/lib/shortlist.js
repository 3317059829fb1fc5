// Of many classes the largest, and a box that finds the others by their names.

import { el, grouped, setText } from "./dom.js"
import { tr } from "./words.js"

export const MOST = 20 // entries that are shown at once

/**
 * The largest entries whose text holds what is typed, in the order of the list.
 * @template {{text: string, size: number}} T
 * @param {T[]} entries
 * @param {string} typed "" for all
 * @param {(entry: T) => boolean} isKept what is shown in any case
 * @returns {{shown: T[], others: number}}
 */
export function largest(entries, typed = "", isKept = () => false) {
  const wanted = typed.trim().toLowerCase()
  const isFound = ({ text }) => text.toLowerCase().includes(wanted)
  const found = entries.filter(isFound)
  const best = new Set([...found].sort((a, b) => b.size - a.size).slice(0, MOST))
  return {
    shown: entries.filter((entry) => best.has(entry) || isKept(entry)),
    others: found.filter((entry) => !best.has(entry) && !isKept(entry)).length,
  }
}

/**
 * A node for each entry, or for the largest and those that are looked for.
 * @template {{text: string, size: number}} T
 * @param {T[]} entries
 * @param {(entry: T) => HTMLElement} make called anew for what is shown again
 * @param {{typed?: string, find?: (typed: string) => void, isKept?: (entry: T) => boolean}} more typed: what the box holds
 * at first; find: is asked with Enter, where there are more entries elsewhere
 * @returns {HTMLElement[]}
 */
export function shortlist(entries, make, { typed = "", find, isKept } = {}) {
  if (entries.length <= MOST && !find) return entries.map(make)
  const held = el("span", { class: "stage-found" }),
    rest = el("span", { class: "stage-muted", role: "status" })
  const box = el("input", {
    type: "search",
    class: "stage-input",
    placeholder: tr("Find a class"),
    "aria-label": tr("Find a class"),
    "data-testid": "find-class",
    title: find ? tr("Part of a name; Enter looks among all classes") : tr("Part of a name"),
    oninput: () => show(),
    onkeydown: (event) => {
      if (event.key === "Enter") find?.(box.value)
    },
  })
  box.value = typed
  function show() {
    const { shown, others } = largest(entries, box.value, isKept)
    held.replaceChildren(...shown.map(make))
    const none = find
      ? tr("None of these is called so. Enter looks among all.")
      : tr("No class is called so.")
    setText(rest, others ? tr("and {count} more", { count: grouped(others) }) : shown.length ? "" : none)
  }
  show()
  return [box, held, rest]
}
