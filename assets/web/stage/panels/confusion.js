// Confusion of a classifier on validation rows, with precision and recall of each class, and how often each class is named.

import { el } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { className, count, share, sum } from "../pseudo.js"
import { describeChoice, findBox, mostConfused, sumsOf } from "./confused.js"

const MATRIX = 12 // classes, above which the confusion is told in words
const MOST_GAPS = 12 // classes that are told where there are too many for a matrix or a table

export default {
  id: "confusion",
  get title() {
    return tr("Confusion")
  },
  create(root) {
    const body = el("div", {
      class: "stage-scroll",
      tabindex: "0",
      role: "group",
      "aria-label": tr("Confusion of classes"),
    })
    root.body.append(body)
    let drawn = null,
      last = null
    const find = findBox(() => draw())
    root.head.append(find)
    function draw() {
      const rows = sumsOf(last.frame, "confusion")
      find.hidden = !last.frame.confusion_sums
      body.replaceChildren(rows ? drawTable(last, rows, find.value) : drawCounts(last))
    }
    return {
      update(view) {
        last = view
        if (!view.statics || !view.frame?.label_counts || drawn === view.frame) return
        drawn = view.frame
        draw()
      },
      resize() {},
      destroy() {},
      summary(view) {
        if (!view.statics || !view.frame?.label_counts) return tr("No epoch has been measured yet.")
        const { classes } = view.statics,
          rows = sumsOf(view.frame, "confusion")
        if (!rows) return tr("This version of the run kept no confusion of so many classes.")
        const seen = rows.map((row, c) => [row, c]).filter(([row]) => row.own)
        if (!seen.length) return tr("No validation row has a label.")
        const [worst, c] = seen.sort(([a], [b]) => a.right / a.own - b.right / b.own)[0]
        const least = { name: classes[c], share: share(worst.right, worst.own), other: classes[worst.worst] }
        const said =
          worst.worst >= 0 && worst.worstCount
            ? tr("The lowest recall is that of {name}, {share}, most often confused with {other}.", least)
            : tr("The lowest recall is that of {name}, {share}.", least)
        const whole = tr("Of {count} validation rows {share} are classified correctly at epoch {epoch}.", {
          ...countAll(rows),
          epoch: view.frame.epoch,
        })
        return `${whole} ${said}`
      },
    }
  },
}

/** How many rows there are, and which share of them is right, as they are said. */
function countAll(rows) {
  const all = sum(rows.map((row) => row.own))
  return { count: count(all), share: share(sum(rows.map((row) => row.right)), all) }
}

/** How often a class is there and is named, as two bars; the numbers stand beside them. */
function bars(row, most) {
  const part = (n) => `${(100 * n) / Math.max(1, most)}%`
  return el(
    "div",
    {
      class: "pl-bar",
      title: tr("{count} belong to this class, {others} are predicted as it", {
        count: count(row.own),
        others: count(row.other),
      }),
    },
    el("i", { class: "is-proposed", style: `width:${part(row.own)}` }),
    el("i", { class: "is-kept", style: `width:${part(row.other)}` }),
  )
}

const legend = () =>
  el(
    "p",
    { class: "pl-legend" },
    el("span", {}, el("i", { class: "pl-key is-proposed" }), tr("true")),
    el("span", {}, el("i", { class: "pl-key is-kept" }), tr("named")),
  )

/** @param {string} typed part of a name, where there are too many classes for a row each */
function drawTable(view, rows, typed) {
  const { classes } = view.statics,
    data = view.frame.confusion?.data
  const choice = data ? null : mostConfused(rows, classes, typed)
  const shown = choice?.shown ?? rows.map((_, c) => c)
  const most = Math.max(1, ...shown.map((c) => Math.max(rows[c].own, rows[c].other)))
  const isSmall = data && classes.length <= MATRIX,
    peak = isSmall ? Math.max(1, ...data) : 1
  const cell = (n, isRight) =>
    el(
      "td",
      {
        style: `--share:${Math.sqrt(n / peak).toFixed(3)}`,
        class: isRight ? "is-right" : n ? "is-wrong" : "is-none",
      },
      n ? count(n) : "·",
    )
  const matrix = isSmall
    ? el(
        "table",
        { class: "pl-table pl-matrix", "data-testid": "confusion-matrix" },
        el("caption", {}, tr("Validation rows. Rows of the matrix: true class. Columns: predicted class.")),
        el(
          "thead",
          {},
          el("tr", {}, el("th", {}), ...classes.map((name) => el("th", { scope: "col", title: name }, name))),
        ),
        el(
          "tbody",
          {},
          ...rows.map((_, t) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, className(classes, t)),
              ...classes.map((_, c) => cell(data[t * classes.length + c], t === c)),
            ),
          ),
        ),
      )
    : null
  const table = el(
    "table",
    { class: "pl-table", "data-testid": "confusion-classes" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ...[
          tr("class"),
          tr("true and predicted"),
          tr("precision"),
          tr("recall"),
          ...(isSmall ? [] : [tr("most often confused with")]),
        ].map((text) => el("th", { scope: "col" }, text)),
      ),
    ),
    el(
      "tbody",
      {},
      ...shown
        .map((c) => [c, rows[c]])
        .map(([c, row]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, className(classes, c)),
            el("td", { class: "pl-wide", style: "width:42%" }, bars(row, most)),
            el("td", {}, share(row.right, row.other)),
            el("td", {}, share(row.right, row.own)),
            isSmall
              ? null
              : el(
                  "td",
                  {},
                  row.worst < 0 || !row.worstCount ? "–" : `${classes[row.worst]} (${count(row.worstCount)})`,
                ),
          ),
        ),
    ),
  )
  const right = tr("Of {count} validation rows {share} are classified correctly.", countAll(rows))
  const words = choice
    ? el("p", { class: "pl-words" }, `${right} ${describeChoice(choice, classes, typed)}`)
    : null
  return el("div", {}, matrix, words, legend(), table)
}

/** Runs of earlier versions kept of very many classes only how often each is there and is named. */
function drawCounts(view) {
  const {
    data,
    shape: [, classes],
  } = view.frame.label_counts
  const truth = data.subarray(0, classes),
    named = data.subarray(classes, 2 * classes)
  const gap = (c) => Math.abs(named[c] - truth[c])
  const worst = Array.from({ length: classes }, (_, c) => c)
    .filter(gap)
    .sort((a, b) => gap(b) - gap(a))
    .slice(0, MOST_GAPS)
  const said = tr("Of {count} validation rows, these classes are predicted too often or too seldom:", {
    count: count(sum(truth)),
  })
  const headings = [tr("class"), tr("true"), tr("predicted")].map((text) => el("th", { scope: "col" }, text))
  const rows = worst.map((c) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, className(view.statics.classes, c)),
      el("td", {}, count(truth[c])),
      el("td", {}, count(named[c])),
    ),
  )
  return el(
    "div",
    {},
    el("p", { class: "stage-muted" }, said),
    el("table", { class: "pl-table" }, el("thead", {}, el("tr", {}, ...headings)), el("tbody", {}, ...rows)),
  )
}
