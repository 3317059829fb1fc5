// Signs of trouble under the verdict, each with its remedy.

import { el, icon } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { lessonLink } from "./lesson.js"

/**
 * The list, and `draw`, which shows what goes wrong at the cursor's epoch and what to do about it.
 * @param {import("./lesson.js").Explained} explained
 */
export function createSigns(explained) {
  const root = el("ul", {
    class: "stage-signs",
    "data-testid": "stage-signs",
    "aria-label": tr("Signs of trouble"),
  })

  /** @param {{code: string, text: string, remedy: string}[]} found */
  function draw(found) {
    const key = JSON.stringify(found)
    if (root.dataset.key === key) return
    root.dataset.key = key
    root.hidden = !found.length
    root.replaceChildren(
      ...found.map((sign) =>
        el(
          "li",
          { "data-code": sign.code },
          icon("warn"),
          el(
            "span",
            {},
            el("strong", {}, sign.text),
            ` ${sign.remedy} `,
            lessonLink(explained, explained.signs[sign.code]),
          ),
        ),
      ),
    )
  }

  return { root, draw }
}
