// Buttons of the bar above a map, and what dragging on it can do.

import { el } from "../lib/dom.js"

// Value, text, what it does; the first is chosen.
export const MODES = [
  ["pan", "Move", "Drag to move the map"],
  ["lasso", "Lasso", "Drag around points to select them"],
  ["box", "Box", "Drag a box to select points"],
]
export const HOWS = [
  ["replace", "Replace", "The points that you draw around replace the selection"],
  ["add", "Add", "The points that you draw around are added to the selection (Shift)"],
  ["subtract", "Remove", "The points that you draw around are removed from the selection (Alt)"],
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
