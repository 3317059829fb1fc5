// Buttons of the bar above a map, and what dragging on it can do.

import { el } from "../lib/dom.js"
import { tr } from "../lib/words.js"

/** What dragging can do: value, text and help of each; the first is chosen. */
export const modes = () => [
  ["pan", tr("Move"), tr("Drag to move the map")],
  ["lasso", tr("Lasso"), tr("Drag around points to select them")],
  ["box", tr("Box"), tr("Drag a box to select points")],
]
/** How a selection changes the one before. */
export const hows = () => [
  ["replace", tr("Replace"), tr("The points that you draw around replace the selection")],
  ["add", tr("Add"), tr("The points that you draw around are added to the selection (Shift)")],
  ["subtract", tr("Remove"), tr("The points that you draw around are removed from the selection (Alt)")],
]

export const chip = (text, title, onclick, more = {}) =>
  el("button", { class: "stage-chip", type: "button", title, onclick, ...more }, text)

/**
 * Buttons of which one is pressed.
 * @param {string[][]} names value, text and title of each
 * @param {string} label for screen readers
 * @param {(value: string) => void} pick
 */
export function choices(names, label, pick) {
  const group = el("div", { class: "space-choices", role: "group", "aria-label": label })
  const press = (value) => {
    for (const other of group.children)
      other.setAttribute("aria-pressed", String(other.dataset.value === value))
    pick(value)
  }
  group.append(
    ...names.map(([value, text, title], i) =>
      chip(text, title, () => press(value), {
        "data-value": value,
        "aria-pressed": String(i === 0),
        "data-testid": `space-${value}`,
      }),
    ),
  )
  return group
}
