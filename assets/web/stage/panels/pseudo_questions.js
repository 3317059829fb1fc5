// Pseudo-questions: clozes of passages whose questions are hidden, and whether the student finds their answer again.

import { el, percent } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { createProposed, drawSure } from "./proposed.js"

export default createProposed({
  id: "pseudo_questions",
  title: () => tr("Pseudo-questions"),
  listed: (words) => words.clozes,
  hidden: (words) => words.true_questions,
  testId: "cloze",
  draw: (one, hidden) => [
    drawSure(
      one.confidence === null ? "–" : percent(one.confidence, 0),
      tr("Probability that the student gives to the answer"),
      one.question,
    ),
    el("p", { class: "stage-muted" }, tr("made of: {text}", { text: one.answer })),
    one.said === null || one.said === one.answer
      ? null
      : el("p", { class: "stage-muted" }, tr("the student says: {text}", { text: one.said || "…" })),
    hidden === undefined
      ? null
      : hidden
        ? el("p", { class: "scenario-right" }, tr("people asked for it too: {text}", { text: hidden }))
        : el("p", { class: "scenario-hidden" }, tr("no hidden question asks for it")),
  ],
  kept: () => tr("Kept: learned from as if a person had asked"),
  other: () => tr("Not kept: the student finds another answer (–), or is not sure enough"),
  waiting: () => tr("No pseudo-questions are made: all questions are known."),
  summary: (kept) =>
    kept.length
      ? tr("Of the pseudo-questions shown, {count} are kept, such as “{text}”.", {
          count: kept.length,
          text: kept[0].question,
        })
      : tr("No pseudo-question is kept."),
})
