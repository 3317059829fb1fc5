// "?" beside a panel's title: a picture of how the panel is read, two to four sentences, and the terms in them.

import { el } from "../lib/dom.js"
import { withTerms } from "../lib/terms.js"
import { spoken, tr } from "../lib/words.js"

let loading = null

/** Explanations, glossary and pictures; asked for once, when someone first wants one. */
export function loadWords(assets) {
  loading ??= fetch(`${assets}/words/${spoken()}.json`)
    .then((response) => {
      if (!response.ok) throw new Error(String(response.status))
      return response.json()
    })
    .catch((error) => {
      loading = null // the next press asks again
      throw error
    })
  return loading
}

/** What is said of a panel in a task: its own words there, or those of the panel everywhere. */
export const explanationOf = ({ panels }, id, task) => panels[`${id} of ${task}`] ?? panels[id]

/** A picture of ours as an element, so that it follows the theme. */
function pictureOf(source) {
  const picture = new DOMParser().parseFromString(source, "image/svg+xml").documentElement
  picture.setAttribute("class", "why-picture")
  picture.setAttribute("aria-hidden", "true") // the text says what it shows
  return document.importNode(picture, true)
}

/**
 * The button and what it opens; Escape and a press elsewhere close it (lib/bubbles.js).
 * @param {{title: string, explains: string}} panel explains: name of the panel in the words
 * @param {{assets: string, task: string}} ctx
 * @param {HTMLElement[]} more shown below the explanation
 */
export function createWhy({ title, explains }, ctx, more = []) {
  const text = el("div", {}, el("p", { class: "stage-muted" }, tr("Loading …")))
  const body = el("div", { class: "why-body", "data-testid": "why-body" }, text, ...more)
  const root = el(
    "details",
    {
      class: "bubble why",
      "data-testid": "why",
      ontoggle: () => {
        if (root.open) fill()
      },
    },
    el(
      "summary",
      {
        class: "why-button",
        title: tr("What does this show?"),
        "aria-label": tr("Explain: {title}", { title }),
      },
      "?",
    ),
    body,
  )
  let isFilled = false

  async function fill() {
    if (isFilled) return
    try {
      const words = await loadWords(ctx.assets)
      const { text: said, picture } = explanationOf(words, explains, ctx.task)
      text.replaceChildren(pictureOf(words.pictures[picture]), ...withTerms(said, words.glossary))
      isFilled = true
    } catch {
      text.replaceChildren(
        el("p", { class: "stage-muted" }, tr("The explanation could not be loaded. Open it again.")),
      )
    }
  }
  return root
}
