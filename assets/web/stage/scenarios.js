// Scenarios: tasks that learn from few labels in rounds. What their scores are called, and what is said of them.

import { percent, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { showTime } from "./facts.js"
import { ENDED } from "./store.js"

const isNumber = (value) => typeof value === "number"

/** Score by task, the same as in selfsup_core/evaluate/words/scenario_words.py. */
const SCORES = {
  translate: { name: "bleu", say: () => "BLEU", isShare: false, better: "higher" },
  transcribe: {
    name: "word_error_rate",
    say: () => tr("Word error rate"),
    isShare: true,
    better: "lower",
  },
  answer: { name: "exact_match", say: () => tr("Exact match"), isShare: true, better: "higher" },
  detect: { name: "map50", say: () => "mAP@.5", isShare: true, better: "higher" },
}

export const isScenario = (task) => Object.hasOwn(SCORES, task)

/** @param {string} task one for which `isScenario` holds */
export const scoreOf = (task) => SCORES[task]

export const sayScore = (score, value) => (score.isShare ? percent(value) : value.toFixed(1))

/** Student and twin on validation rows at an epoch, in words. */
export function describeScores(state, row) {
  const score = scoreOf(state.task)
  const value = row?.[`val_${score.name}`],
    twin = row?.[`val_twin_${score.name}`]
  if (!isNumber(value)) return tr("No epoch has been measured yet.")
  const said = { epoch: row.epoch, title: score.say(), value: sayScore(score, value) }
  if (!isNumber(twin)) return tr("Epoch {epoch}: {title} {value} on validation rows.", said)
  return tr("Epoch {epoch}: {title} {value} on validation rows, twin {twin}.", {
    ...said,
    twin: sayScore(score, twin),
  })
}

/**
 * The facts beside the verdict: [text, help] of each that is known.
 * @returns {[string, string][]}
 */
function factsOf(state, row) {
  const score = scoreOf(state.task)
  const known = [
    [
      `val_${score.name}`,
      tr("student"),
      tr("On validation rows: the network that learns from given labels and pseudo-labels"),
    ],
    [
      `val_twin_${score.name}`,
      tr("given labels only (twin)"),
      tr("The same network and steps, no pseudo-labels"),
    ],
  ]
    .filter(([key]) => isNumber(row?.[key]))
    .map(([key, name, help]) => [`${name} ${sayScore(score, row[key])}`, help])
  const shares = [
    ["kept_share", tr("proposals kept"), tr("Share of the proposals that the student learns from")],
    [
      "kept_right",
      tr("of these right"),
      tr("Share of the kept proposals that say what the hidden answer says; shown with the switch above"),
    ],
    [
      "kept_asked",
      tr("of these asked by people too"),
      tr("Share of the kept whose answer a hidden question has too; shown with the switch above"),
    ],
  ]
    .filter(([key]) => isNumber(row?.[key]))
    .map(([key, name, help]) => [`${name} ${percent(row[key])}`, help])
  const [first] = known
  if (first && known.length === 1) first[0] = `${score.say()} ${sayScore(score, row[`val_${score.name}`])}`
  return [...known, ...shares]
}

/**
 * The line over the panels: the facts of an epoch, and at the end the verdict.
 * @param {HTMLElement[]} places of the facts
 * @param {{word: HTMLElement, rate: HTMLElement, left: HTMLElement}} others
 */
export function sayScenario(places, { word, rate, left }, state, row) {
  const isEnded = ENDED.includes(state.status)
  const facts = factsOf(state, row)
  for (const [i, node] of places.entries()) {
    const [text, help] = facts[i] ?? ["", ""]
    node.title = help
    setText(node, text)
  }
  setText(word, isEnded && row?.epoch === state.epoch ? (state.verdict?.text ?? "") : "")
  word.dataset.tone = { helped: "good", hurt: "bad" }[state.verdict?.outcome] ?? "even"
  setText(rate, "")
  showTime(left, state)
}
