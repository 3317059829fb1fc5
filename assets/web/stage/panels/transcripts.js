// Transcripts: the same validation clips at the cursor's epoch; which words are right, wrong, missing or too many.

import { el } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

/**
 * Words of both in the way that takes the fewest changes: [written, said]; null where one has none.
 * @returns {[string | null, string | null][]}
 */
export function alignWords(written, reference) {
  const one = written.split(" ").filter(Boolean),
    other = reference.split(" ").filter(Boolean)
  const cost = Array.from({ length: one.length + 1 }, (_, i) =>
    Array.from({ length: other.length + 1 }, (_, j) => (i && j ? 0 : i + j)),
  )
  for (let i = 1; i <= one.length; i++)
    for (let j = 1; j <= other.length; j++)
      cost[i][j] = Math.min(
        cost[i - 1][j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1),
        cost[i - 1][j] + 1,
        cost[i][j - 1] + 1,
      )
  const found = []
  let i = one.length,
    j = other.length
  while (i || j) {
    if (i && j && cost[i][j] === cost[i - 1][j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1))
      found.push([one[--i], other[--j]])
    else if (i && cost[i][j] === cost[i - 1][j] + 1) found.push([one[--i], null])
    else found.push([null, other[--j]])
  }
  return found.reverse()
}

/** Right words are plain, wrong ones wavy, missing ones in brackets. @returns {(Node | string)[]} */
export function markedWords(written, reference) {
  return alignWords(written, reference).flatMap(([word, said]) => {
    if (word === said) return [el("span", { class: "is-there" }, word), " "]
    if (word === null)
      return [
        el("span", { class: "is-missing", title: tr("missing: {word}", { word: said }) }, `[${said}]`),
        " ",
      ]
    const title = said === null ? tr("too many") : tr("should be: {word}", { word: said })
    return [el("span", { class: "is-other", title }, word), " "]
  })
}

export default {
  id: "transcripts",
  get title() {
    return tr("Transcripts")
  },
  isText: true,
  create(root) {
    const list = el("ul", {
      class: "stage-scroll scenario-list",
      tabindex: "0",
      "aria-label": tr("Transcripts"),
    })
    root.body.append(list)
    let drawn = null
    return {
      update(view) {
        const references = view.statics?.scenario?.references,
          written = view.frame?.words?.written
        if (!references || !written || drawn === view.frame) return
        drawn = view.frame
        list.replaceChildren(
          ...written.map((text, i) =>
            el(
              "li",
              { "data-testid": "transcript" },
              el("p", { class: "scenario-written" }, ...markedWords(text, references[i])),
              text === references[i]
                ? el("p", { class: "scenario-right" }, tr("every word is right"))
                : el("p", { class: "stage-muted" }, tr("said: {text}", { text: references[i] })),
            ),
          ),
        )
      },
      resize() {},
      destroy() {},
      summary(view) {
        const references = view.statics?.scenario?.references,
          written = view.frame?.words?.written
        if (!references || !written) return tr("Nothing has been transcribed yet.")
        return tr(
          "At epoch {epoch}, {right} of {count} shown clips are transcribed without an error. “{said}” becomes “{text}”.",
          {
            epoch: view.frame.epoch,
            right: written.filter((text, i) => text === references[i]).length,
            count: written.length,
            said: references[0],
            text: written[0],
          },
        )
      },
    }
  },
}
