// Pseudo-transcripts: what the student, or a Whisper model, hears in clips whose transcript is hidden.

import { percent } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { createProposed, drawSure, drawTruth } from "./proposed.js"
import { markedWords } from "./transcripts.js"

/** The Whisper model that wrote them, "" where the student did. */
const teacherOf = (view) => view.statics?.scenario?.teacher ?? ""

export default createProposed({
  id: "pseudo_transcripts",
  title: () => tr("Pseudo-transcripts"),
  listed: (words) => words.clips,
  hidden: (words) => words.true_transcripts?.map((text) => text || undefined), // "" where nobody has transcribed it
  testId: "clip",
  draw: (clip, hidden, view) => [
    drawSure(
      clip.confidence === null ? "–" : percent(clip.confidence, 0),
      teacherOf(view)
        ? tr("Mean probability of the tokens of {model}", { model: teacherOf(view) })
        : tr("Mean probability of the likeliest letters"),
      ...(hidden === undefined ? [clip.text || "…"] : markedWords(clip.text, hidden)),
    ),
    drawTruth(clip.text, hidden, {
      right: () => tr("as in the hidden transcript"),
      wrong: (text) => tr("hidden transcript: {text}", { text }),
    }),
  ],
  kept: () => tr("Kept: learned from as if they were true"),
  other: (view) =>
    teacherOf(view)
      ? tr("Not kept: {model} is unsure, or what it wrote cannot be used (–)", { model: teacherOf(view) })
      : tr("Not kept: unsure, or two noisy views of the clip disagree (–)"),
  waiting: (state) =>
    state?.metrics && "val_twin_word_error_rate" in state.metrics
      ? tr("None were written up to this epoch.")
      : tr(
          "None yet: they come once the first network has learned from the known transcripts. With all transcripts known, none are needed.",
        ),
  summary: (kept) =>
    kept.length
      ? tr("Of the pseudo-transcripts shown, {count} are kept, such as “{text}”.", {
          count: kept.length,
          text: kept[0].text,
        })
      : tr("No pseudo-transcript is kept."),
})
