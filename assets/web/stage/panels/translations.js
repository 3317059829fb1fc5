// Translations: the same validation sentences at the cursor's epoch, each with what it should be.

import { el } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

/** Words of both, those that the reference has too are marked. @returns {(Node | string)[]} */
export function marked(written, reference) {
  // Chinese has no spaces: its characters are compared.
  const isSpaced = reference.includes(" ")
  const cut = (text) => (isSpaced ? text.split(/(\s+)/) : [...text])
  const there = new Map()
  for (const word of cut(reference)) there.set(word, (there.get(word) ?? 0) + 1)
  return cut(written).map((word) => {
    if (!word.trim()) return word
    const left = there.get(word) ?? 0
    if (left) there.set(word, left - 1)
    return el("span", { class: left ? "is-there" : "is-other" }, word)
  })
}

export default {
  id: "translations",
  get title() {
    return tr("Translations")
  },
  isText: true,
  create(root) {
    const list = el("ul", {
      class: "stage-scroll scenario-list",
      tabindex: "0",
      "aria-label": tr("Translations"),
    })
    root.body.append(list)
    let drawn = null
    return {
      update(view) {
        const scenario = view.statics?.scenario,
          written = view.frame?.words?.written
        if (!scenario || !written || drawn === view.frame) return
        drawn = view.frame
        list.replaceChildren(
          ...written.map((text, i) =>
            el(
              "li",
              { "data-testid": "translation" },
              el("p", { class: "stage-muted" }, scenario.sources[i]),
              el(
                "p",
                { class: "scenario-written" },
                ...(text ? marked(text, scenario.references[i]) : ["…"]),
              ),
              text === scenario.references[i]
                ? el("p", { class: "scenario-right" }, tr("as in the reference"))
                : el(
                    "p",
                    { class: "stage-muted" },
                    tr("reference: {text}", { text: scenario.references[i] }),
                  ),
            ),
          ),
        )
      },
      resize() {},
      destroy() {},
      summary(view) {
        const scenario = view.statics?.scenario,
          written = view.frame?.words?.written
        if (!scenario || !written) return tr("Nothing has been translated yet.")
        const right = written.filter((text, i) => text === scenario.references[i]).length
        return tr(
          "At epoch {epoch}, {right} of {count} shown translations are exactly the reference. “{source}” becomes “{text}”.",
          {
            epoch: view.frame.epoch,
            right,
            count: written.length,
            source: scenario.sources[0],
            text: written[0],
          },
        )
      },
    }
  },
}
