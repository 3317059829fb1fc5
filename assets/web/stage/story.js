// The row over the panels of a run with pseudo-labels: which step of a round is running, and the switch that shows true classes.

import { el, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { isScenario } from "./scenarios.js"
import { ENDED } from "./store.js"

const stepsOfScenario = () => [
  ["propose", tr("Propose"), tr("Each unlabeled row gets an answer and a confidence")],
  ["keep", tr("Keep"), tr("The surest proposals become pseudo-labels")],
  ["train", tr("Train"), tr("The student learns from true labels and pseudo-labels")],
]

const stepsOf = () => [
  ["propose", tr("Propose"), tr("Each unlabeled row gets a class and a confidence")],
  ["keep", tr("Keep"), tr("The surest proposals become pseudo-labels")],
  ["train", tr("Train"), tr("The student learns from true labels and pseudo-labels")],
]

function sayOracle(hasTruth, isOn, task) {
  if (isScenario(task)) {
    if (!hasTruth) return tr("There are no hidden answers to show at this epoch.")
    return isOn
      ? tr("Hidden answers are shown, to judge the proposals. Training never sees them.")
      : tr("Hidden answers are not shown. Training never sees them, on or off.")
  }
  if (!hasTruth)
    return tr("The true classes of the unlabeled rows are not known, so there is nothing to show.")
  if (isOn)
    return tr(
      "True classes of unlabeled rows are shown, to judge the pseudo-labels. Training never sees them.",
    )
  return tr("True classes of unlabeled rows are hidden here. Training never sees them, on or off.")
}

/**
 * @param {import("./oracle.js").Oracle} oracle
 * @param {string} task
 */
export function createStory(oracle, task) {
  const told = isScenario(task) ? stepsOfScenario() : stepsOf()
  const steps = el(
    "ol",
    { class: "pl-steps", "aria-label": tr("Steps of a round"), "data-testid": "stage-steps", hidden: true },
    ...told.map(([id, text, help], i) =>
      el(
        "li",
        { "data-step": id, title: help },
        el("span", { class: "pl-step-number", "aria-hidden": "true" }, String(i + 1)),
        text,
      ),
    ),
  )
  const toggle = el(
    "button",
    {
      class: "pl-switch",
      type: "button",
      role: "switch",
      "aria-checked": "false",
      "aria-describedby": "pl-oracle-help",
      "data-testid": "stage-oracle",
      onclick: () => oracle.set(!oracle.isOn),
    },
    el("span", { class: "pl-knob", "aria-hidden": "true" }),
    isScenario(task) ? tr("Show the hidden answers") : tr("Show the true classes"),
  )
  const help = el("span", { class: "stage-muted", id: "pl-oracle-help" })
  const root = el("div", { class: "pl-story" }, el("div", { class: "pl-oracle" }, toggle, help), steps)

  function update(view) {
    const { state, oracle: truth } = view
    const hasTruth = !view.frame || truth.isKnown
    toggle.disabled = !hasTruth
    toggle.setAttribute("aria-checked", String(hasTruth && oracle.isOn))
    setText(help, sayOracle(hasTruth, oracle.isOn, task))
    const isSlow =
      state && !ENDED.includes(state.status) && (state.status === "paused" || state.epochs_per_second > 0)
    steps.hidden = !isSlow || !told.some(([id]) => id === state.phase)
    for (const step of steps.children) {
      if (step.dataset.step === state?.phase) step.setAttribute("aria-current", "step")
      else step.removeAttribute("aria-current")
    }
  }
  return { root, update }
}
