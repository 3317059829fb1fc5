// Pseudo-transcripts: what the student hears in clips whose transcript is hidden; some of those that are kept, and some
// that are not.

import { el, percent } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { markedWords } from "./transcripts.js"

export default {
  id: "pseudo_transcripts",
  get title() {
    return tr("Pseudo-transcripts")
  },
  isText: true,
  create(root) {
    const box = el("div", {
      class: "stage-scroll scenario-pairs",
      tabindex: "0",
      role: "group",
      "aria-label": tr("Pseudo-transcripts"),
    })
    root.body.append(box)
    let drawn = null
    return {
      update(view) {
        if (!view.frame || drawn === view.frame) return
        drawn = view.frame
        const { clips, true_transcripts: truth } = view.frame.words ?? {}
        if (!clips) {
          box.replaceChildren(el("p", { class: "stage-muted" }, waiting(view.state)))
          return
        }
        const part = (isKept, title) => {
          const rows = clips
            .map((clip, i) => [clip, truth?.[i] || undefined]) // "" where nobody has transcribed it
            .filter(([clip]) => clip.is_kept === isKept)
            .map(([clip, hidden]) =>
              el(
                "li",
                { "data-testid": isKept ? "kept-clip" : "other-clip" },
                el(
                  "p",
                  { class: "scenario-written" },
                  el(
                    "b",
                    { class: "scenario-score", title: tr("Mean probability of the likeliest letters") },
                    clip.confidence === null ? "–" : percent(clip.confidence, 0),
                  ),
                  " ",
                  ...(hidden === undefined ? [clip.text || "…"] : markedWords(clip.text, hidden)),
                ),
                sayTruth(clip.text, hidden),
              ),
            )
          return rows.length ? [el("h4", {}, title), el("ul", { class: "scenario-list" }, ...rows)] : []
        }
        box.replaceChildren(
          ...part(true, tr("Kept: learned from as if they were true")),
          ...part(false, tr("Not kept: unsure, or two noisy views of the clip disagree (–)")),
        )
      },
      resize() {},
      destroy() {},
      summary(view) {
        const clips = view.frame?.words?.clips
        if (!clips) return waiting(view.state)
        const kept = clips.filter((clip) => clip.is_kept)
        return kept.length
          ? tr("Of the pseudo-transcripts shown, {count} are kept, such as “{text}”.", {
              count: kept.length,
              text: kept[0].text,
            })
          : tr("No pseudo-transcript is kept.")
      },
    }
  },
}

function sayTruth(text, hidden) {
  if (hidden === undefined) return null
  if (text === hidden) return el("p", { class: "scenario-right" }, tr("as in the hidden transcript"))
  return el("p", { class: "scenario-hidden" }, tr("hidden transcript: {text}", { text: hidden || "…" }))
}

/** Why there are none yet. */
function waiting(state) {
  if (state?.metrics && "val_twin_word_error_rate" in state.metrics)
    return tr("None were written up to this epoch.")
  return tr(
    "None yet: they come once the first network has learned from the known transcripts. With all transcripts known, none are needed.",
  )
}
