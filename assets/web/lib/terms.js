// Terms of the field within a text: [[term]] or [[words shown|term]] becomes a button that shows its definition.

import { el } from "./dom.js"

const MARK = /\[\[([^[\]|]+)(?:\|([^[\]|]+))?\]\]/g

/**
 * A text in parts.
 * @returns {{text: string, term?: string}[]} with `term` where a part is one
 */
export function partsOf(text) {
  const parts = []
  let end = 0
  for (const found of text.matchAll(MARK)) {
    if (found.index > end) parts.push({ text: text.slice(end, found.index) })
    parts.push({ text: found[1], term: found[2] ?? found[1] })
    end = found.index + found[0].length
  }
  if (end < text.length) parts.push({ text: text.slice(end) })
  return parts
}

/**
 * A text whose terms open their definition below it: by pointing at one, by focus, and by a press.
 * @param {string} text
 * @param {Object<string, {means: string, source?: string, term?: string}>} glossary of the reader's language, by English names
 * @returns {HTMLElement[]} the text, and the place of the definition
 */
export function withTerms(text, glossary) {
  const place = el("p", { class: "term-means", role: "status", hidden: true })
  const buttons = []
  function show(button, term) {
    const { means, source, term: called = term } = glossary[term]
    place.replaceChildren(el("strong", {}, called), ` ${means}`, ...(source ? [el("small", {}, source)] : []))
    place.hidden = false
    for (const other of buttons) other.setAttribute("aria-expanded", String(other === button))
  }
  const nodes = partsOf(text).map(({ text: shown, term }) => {
    if (!term || !glossary[term]) return shown
    const button = el(
      "button",
      {
        class: "term",
        type: "button",
        "aria-expanded": "false",
        "data-term": term,
        onclick: () => show(button, term),
        onfocus: () => show(button, term),
        onpointerenter: () => show(button, term),
      },
      shown,
    )
    buttons.push(button)
    return button
  })
  return [el("p", {}, ...nodes), place]
}
