// Back-translations: made-up sources for sentences that had none, with how sure their translator was.

import { el, fixed } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { createProposed, drawSure, drawTruth } from "./proposed.js"

export default createProposed({
  id: "back_translations",
  title: () => tr("Back-translations"),
  listed: (words) => words.pairs,
  hidden: (words) => words.true_sources,
  testId: "pair",
  draw: (pair, hidden) => [
    drawSure(fixed(pair.score, 2), tr("Log-probability per token; 0 is certain"), pair.source || "…"),
    el("p", { class: "stage-muted" }, `→ ${pair.target}`),
    drawTruth(pair.source, hidden, {
      right: () => tr("as in the hidden source"),
      wrong: (text) => tr("hidden source: {text}", { text }),
    }),
  ],
  kept: () => tr("Kept: learned from as if they were true"),
  other: () => tr("Not kept"),
  waiting: (state) =>
    state?.metrics && "val_twin_bleu" in state.metrics
      ? tr("None were made up to this epoch.")
      : tr(
          "None yet: they come once the first network has learned from the known pairs. With all pairs known, none are needed.",
        ),
  summary: (kept) =>
    kept.length
      ? tr("Of the back-translations shown, {count} are kept; “{target}” gets the source “{source}”.", {
          count: kept.length,
          target: kept[0].target,
          source: kept[0].source,
        })
      : tr("No back-translation is kept."),
})
