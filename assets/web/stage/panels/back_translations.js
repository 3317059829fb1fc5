// Back-translations: made-up sources for sentences that had none, with how sure their translator was; some of those that
// are kept, and some that are not.

import { el, fixed } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

export default {
  id: "back_translations",
  get title() {
    return tr("Back-translations")
  },
  isText: true,
  create(root) {
    const box = el("div", {
      class: "stage-scroll scenario-pairs",
      tabindex: "0",
      role: "group",
      "aria-label": tr("Back-translations"),
    })
    root.body.append(box)
    let drawn = null
    return {
      update(view) {
        if (!view.frame || drawn === view.frame) return
        drawn = view.frame
        const { pairs, true_sources: truth } = view.frame.words ?? {}
        if (!pairs) {
          box.replaceChildren(el("p", { class: "stage-muted" }, waiting(view.state)))
          return
        }
        const part = (isKept, title) => {
          const rows = pairs
            .map((pair, i) => [pair, truth?.[i]])
            .filter(([pair]) => pair.is_kept === isKept)
            .map(([pair, hidden]) =>
              el(
                "li",
                { "data-testid": isKept ? "kept-pair" : "other-pair" },
                el(
                  "p",
                  {},
                  el(
                    "b",
                    { class: "scenario-score", title: tr("Log-probability per token; 0 is certain") },
                    fixed(pair.score, 2),
                  ),
                  " ",
                  pair.source || "…",
                ),
                el("p", { class: "stage-muted" }, `→ ${pair.target}`),
                hidden === undefined
                  ? null
                  : hidden === pair.source
                    ? el("p", { class: "scenario-right" }, tr("as in the hidden source"))
                    : el("p", { class: "scenario-hidden" }, tr("hidden source: {text}", { text: hidden })),
              ),
            )
          return rows.length ? [el("h4", {}, title), el("ul", { class: "scenario-list" }, ...rows)] : []
        }
        box.replaceChildren(
          ...part(true, tr("Kept: learned from as if they were true")),
          ...part(false, tr("Not kept")),
        )
      },
      resize() {},
      destroy() {},
      summary(view) {
        const pairs = view.frame?.words?.pairs
        if (!pairs) return waiting(view.state)
        const kept = pairs.filter((pair) => pair.is_kept)
        const [one] = kept
        return one
          ? tr("Of the back-translations shown, {count} are kept; “{target}” gets the source “{source}”.", {
              count: kept.length,
              target: one.target,
              source: one.source,
            })
          : tr("No back-translation is kept.")
      },
    }
  },
}

/** Why there are none yet. */
function waiting(state) {
  if (state?.metrics && "val_twin_bleu" in state.metrics) return tr("None were made up to this epoch.")
  return tr(
    "None yet: they come once the first network has learned from the known pairs. With all pairs known, none are needed.",
  )
}
