// How points of the map look in a run with pseudo-labels. A group of points shares color, shape and size; given labels are
// large and outlined, what is not kept is small and faint.

import { el, fixed, percent } from "../../lib/dom.js"
import { classColor } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { shapeOf, toRgb, UNKNOWN } from "../../scatter/shapes.js"
import { FAINT, LARGE } from "../../scatter/standing.js"
import { count, ramp } from "../pseudo.js"

const STEPS = 5 // groups of confidence and of rounds
// Entries that are neither a class nor a step, whatever the number of classes.
const GIVEN = 1_000_000
const NONE = GIVEN + 1
const choicesOf = () => [
  ["pseudo", tr("pseudo-label")],
  ["truth", tr("true class")],
  ["confidence", tr("confidence")],
  ["round", tr("round kept")],
]

/** @param {HTMLElement} head the map's head; @param {() => void} changed called when someone chooses another coloring */
export function createLooks(head, changed) {
  const choice = el(
    "select",
    {
      class: "stage-input",
      "aria-label": tr("Color of the points"),
      "data-testid": "map-color",
      onchange: () => {
        key = ""
        update(view)
        changed()
      },
    },
    ...choicesOf().map(([value, text]) => el("option", { value }, text)),
  )
  head.prepend(choice)
  let view = null,
    key = "",
    groups = null,
    first = 1,
    last = 1 // rounds in which rows were first kept

  // A group's number: entry of the legend × 4, + 2 for a given label, + 1 for what is faint.
  const group = (entry, isGiven, isFaint) => entry * 4 + (isGiven ? 2 : 0) + (isFaint ? 1 : 0)

  function update(next) {
    view = next
    const isOn = view.oracle.isOn,
      [, truth] = choice.options
    truth.hidden = truth.disabled = !isOn
    if (!isOn && choice.value === "truth") choice.value = "pseudo"
    const now = [view.frame.epoch, view.frame.step, choice.value, isOn, view.theme.id].join("|")
    if (now === key) return
    key = now
    const { labels, labeled } = view.statics,
      { pseudo, kept_round: kept, confidence } = view.frame
    const rounds = kept.data.filter((round) => round >= 0)
    first = rounds.length ? Math.min(...rounds) : 1
    last = rounds.length ? Math.max(...rounds) : 1
    groups = new Int32Array(labels.data.length)
    for (let i = 0; i < groups.length; i++) {
      const isGiven = labeled.data[i] > 0,
        label = pseudo.data[i],
        isKept = label >= 0
      const entry = {
        pseudo: isGiven ? labels.data[i] : isKept ? label : NONE,
        truth: labels.data[i] < 0 ? NONE : labels.data[i],
        confidence: Math.min(STEPS - 1, Math.floor(confidence.data[i] * STEPS)),
        round: isGiven ? GIVEN : !isKept || kept.data[i] < 0 ? NONE : stepOf(kept.data[i]),
      }[choice.value]
      groups[i] = group(entry, isGiven, !isGiven && !isKept)
    }
  }

  const isClass = () => choice.value === "pseudo" || choice.value === "truth"
  const stepOf = (round) => Math.floor(((round - first) / (last - first + 1)) * STEPS)
  const entryOf = (g) => g >> 2,
    isGiven = (g) => (g & 2) > 0,
    isFaint = (g) => (g & 1) > 0
  const colorOf = (entry) =>
    entry >= GIVEN
      ? view.theme.muted
      : isClass()
        ? classColor(entry)
        : ramp(entry / (STEPS - 1), view.theme.isDark)

  // Colors and shapes repeat after a hundred classes.
  const codeOf = (entry) => (entry === NONE ? UNKNOWN : entry === GIVEN ? UNKNOWN - 1 : entry % 100)
  const shapeIn = (entry) => (entry >= GIVEN ? 0 : shapeOf(codeOf(entry)))

  function nameOf(entry) {
    if (entry === NONE) return choice.value === "truth" ? tr("unknown") : tr("not kept")
    if (entry === GIVEN) return tr("given label")
    if (isClass()) return view.statics.classes[entry]
    if (choice.value === "confidence") return `${fixed(entry / STEPS, 1)}–${fixed((entry + 1) / STEPS, 1)}`
    const own = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter(
      (round) => stepOf(round) === entry,
    )
    return own.length > 1
      ? tr("round {first}–{last}", { first: own[0], last: own[own.length - 1] })
      : tr("round {round}", { round: own[0] })
  }

  return {
    update,
    entryOf,
    get key() {
      return key
    },
    get groups() {
      return groups
    },
    get name() {
      const [, by] = choicesOf().find(([value]) => value === choice.value)
      return tr("colored by {by}", { by })
    },
    /** A byte of the color table for each point, and its bits of standing. */
    codes: () => Uint8Array.from(groups, (g) => codeOf(entryOf(g))),
    standing: () => Uint8Array.from(groups, (g) => (isGiven(g) ? LARGE : isFaint(g) ? FAINT : 0)),
    /** The legend of scatter/shapes.js that goes with the codes. */
    table() {
      const table = new Uint8Array(4 * 256)
      for (const entry of new Set(Array.from(groups, entryOf)))
        table.set([...toRgb(colorOf(entry)), shapeIn(entry)], 4 * codeOf(entry))
      return { kind: "table", table, classes: isClass() ? view.statics.classes.length : STEPS }
    },
    legend() {
      const counts = new Map()
      for (const group of groups) counts.set(entryOf(group), (counts.get(entryOf(group)) ?? 0) + 1)
      const entries = [...counts.keys()].sort((a, b) => a - b)
      return entries.map((entry) => ({
        entry,
        text: nameOf(entry),
        size: counts.get(entry),
        color: colorOf(entry),
        shape: entry >= GIVEN ? 0 : entry,
      }))
    },
    /** What a point's card says. */
    lines(i) {
      const { labels, labeled, splits, classes, rows } = view.statics,
        { pseudo, kept_round: kept, confidence, predicted } = view.frame
      const truth = labels.data[i],
        lines = []
      if (labeled.data[i]) lines.push(el("strong", {}, tr("given label: {name}", { name: classes[truth] })))
      else if (pseudo.data[i] >= 0)
        lines.push(
          el("strong", {}, tr("pseudo-label: {name}", { name: classes[pseudo.data[i]] })),
          el(
            "div",
            {},
            kept.data[i] > 0
              ? tr("first kept in round {round}", { round: kept.data[i] })
              : tr("kept before the first round"),
          ),
        )
      else lines.push(el("strong", {}, splits.data[i] ? tr("validation row") : tr("no pseudo-label")))
      lines.push(
        el(
          "div",
          {},
          tr("the student predicts {name}, {share}", {
            name: classes[predicted.data[i]],
            share: percent(confidence.data[i], 0),
          }),
        ),
      )
      if (view.oracle.isOn && truth >= 0 && !labeled.data[i]) {
        const wrong = pseudo.data[i] >= 0 && pseudo.data[i] !== truth
        const said = tr("true class: {name}", { name: classes[truth] })
        lines.push(el("div", {}, `${wrong ? "✗ " : ""}${said}`))
      }
      lines.push(el("div", { class: "stage-muted" }, tr("row {row}", { row: rows.data[i] })))
      return lines
    },
    summary(next) {
      const { labeled } = next.statics,
        { pseudo } = next.frame
      const given = labeled.data.reduce((n, v) => n + v, 0),
        kept = pseudo.data.reduce((n, v) => n + (v >= 0 ? 1 : 0), 0)
      return tr(
        "{given} of them have a given label (large, outlined), {kept} a pseudo-label; the others are faint.",
        { given: count(given), kept: count(kept) },
      )
    },
  }
}
