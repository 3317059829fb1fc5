// Answers: the same validation questions at the cursor's epoch, each with what was found and what is accepted.

import { el, percent } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

/** As selfsup_core/evaluate/answers.py compares them: without case, punctuation, articles and further spaces. */
export const normalized = (text) =>
  text
    .toLowerCase()
    .replace(/[\p{P}$+<=>^`|~]/gu, "")
    .replace(/\b(a|an|the)\b/g, " ")
    .replace(/\s+/g, " ")
    .trim()

export const isAccepted = (text, answers) => answers.some((answer) => normalized(answer) === normalized(text))

export default {
  id: "answers",
  get title() {
    return tr("Answers")
  },
  isText: true,
  create(root) {
    const list = el("ul", {
      class: "stage-scroll scenario-list",
      tabindex: "0",
      "aria-label": tr("Answers"),
    })
    root.body.append(list)
    let drawn = null
    return {
      update(view) {
        const scenario = view.statics?.scenario,
          words = view.frame?.words
        if (!scenario?.questions || !words?.answered || drawn === view.frame) return
        drawn = view.frame
        list.replaceChildren(
          ...words.answered.map((text, i) =>
            el(
              "li",
              { "data-testid": "answer" },
              el("p", { class: "stage-muted" }, scenario.questions[i]),
              el(
                "p",
                { class: "scenario-written" },
                el(
                  "b",
                  { class: "scenario-score", title: tr("Probability of this start and this end") },
                  percent(words.sure[i], 0),
                ),
                " ",
                text || "…",
              ),
              isAccepted(text, scenario.answers[i])
                ? el("p", { class: "scenario-right" }, tr("right"))
                : el(
                    "p",
                    { class: "stage-muted" },
                    tr("reference: {text}", { text: scenario.answers[i][0] }),
                  ),
            ),
          ),
        )
      },
      resize() {},
      destroy() {},
      summary(view) {
        const scenario = view.statics?.scenario,
          said = view.frame?.words?.answered
        if (!scenario?.questions || !said) return tr("No question has been answered yet.")
        return tr("At epoch {epoch}, {right} of {count} shown questions are answered right.", {
          epoch: view.frame.epoch,
          right: said.filter((text, i) => isAccepted(text, scenario.answers[i])).length,
          count: said.length,
        })
      },
    }
  },
}
