// Small controls that the tabs share, and how a sample is called.

import { className, el } from "../lib/dom.js"
import { tr } from "../lib/words.js"

/**
 * A drop-down list.
 * @param {string} label for screen readers
 * @param {[string, string][]} options value and text of each
 * @param {(event: Event) => void} onchange
 */
export function select(label, options, onchange) {
  return el(
    "select",
    { class: "stage-input", "aria-label": label, onchange },
    ...options.map(([value, text]) => el("option", { value }, text)),
  )
}

/** Buttons of which one is pressed. */
export function toggle(label, options, onchange) {
  let value = options[0][0]
  const buttons = options.map(([id, text]) =>
    el(
      "button",
      { class: "stage-chip", type: "button", "aria-pressed": String(id === value), onclick: () => set(id) },
      text,
    ),
  )
  const root = el("span", { class: "lab-toggle", role: "group", "aria-label": label }, ...buttons)
  function set(id) {
    value = id
    options.forEach(([other], i) => buttons[i].setAttribute("aria-pressed", String(other === id)))
    onchange()
  }
  return {
    root,
    set,
    get value() {
      return value
    },
  }
}

/** "row 17, class 3": a sample of the map in words. */
export const nameOf = (view, sample) => {
  const label = view.statics.labels.data[sample]
  const row = tr("row {row}", { row: view.statics.rows.data[sample] })
  return label >= 0 && view.statics.classes.length ? `${row}, ${className(view.statics.classes[label])}` : row
}

/** Let the browser save some bytes under a name. */
export function saveFile(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name })
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
