// Confusion of a classifier on validation rows, with precision and recall of each class, and how often each class is named.

import { el } from "../../lib/dom.js"
import { className, count, share, sum } from "../pseudo.js"

const MATRIX = 12 // classes, above which the confusion is told in words
const MOST_GAPS = 12 // classes that are told where there are too many for a matrix or a table

export default {
  id: "confusion",
  title: "Confusion",
  create(root) {
    const body = el("div", {
      class: "stage-scroll",
      tabindex: "0",
      role: "group",
      "aria-label": "Confusion of classes",
    })
    root.body.append(body)
    let drawn = null
    return {
      update(view) {
        if (!view.statics || !view.frame?.label_counts || drawn === view.frame) return
        drawn = view.frame
        const rows = perClass(view.frame, view.statics.classes.length)
        body.replaceChildren(rows ? drawTable(view, rows) : drawCounts(view))
      },
      resize() {},
      destroy() {},
      summary(view) {
        if (!view.statics || !view.frame?.label_counts) return "No epoch has been measured yet."
        const { classes } = view.statics,
          rows = perClass(view.frame, classes.length)
        if (!rows) return "There are too many classes for a confusion matrix."
        const seen = rows.map((row, c) => [row, c]).filter(([row]) => row.truth)
        if (!seen.length) return "No validation row has a label."
        const [worst, c] = seen.sort(([a], [b]) => a.right / a.truth - b.right / b.truth)[0]
        return (
          `Of ${sum(rows.map((r) => r.truth))} validation rows ${share(sum(rows.map((r) => r.right)), sum(rows.map((r) => r.truth)))} are classified correctly at epoch ${view.frame.epoch}. ` +
          `The lowest recall is that of ${classes[c]}, ${share(worst.right, worst.truth)}${worst.worst >= 0 && worst.worstCount ? `, most often confused with ${classes[worst.worst]}` : ""}.`
        )
      },
    }
  },
}

/** Of each class: how many rows are of it, named as it, both, and what it is taken for most often; null without a matrix. */
function perClass(frame, classes) {
  if (!frame.confusion) return null
  const { data } = frame.confusion
  return Array.from({ length: classes }, (_, c) => {
    const own = data.subarray(c * classes, (c + 1) * classes)
    const worst = own.reduce((best, n, p) => (p !== c && n > (own[best] ?? 0) ? p : best), -1)
    return {
      right: own[c],
      truth: sum(own),
      named: sum(Array.from({ length: classes }, (_, t) => data[t * classes + c])),
      worst,
      worstCount: worst < 0 ? 0 : own[worst],
    }
  })
}

/** How often a class is there and is named, as two bars; the numbers stand beside them. */
function bars(row, most) {
  const part = (n) => `${(100 * n) / Math.max(1, most)}%`
  return el(
    "div",
    {
      class: "pl-bar",
      title: `${count(row.truth)} belong to this class, ${count(row.named)} are predicted as it`,
    },
    el("i", { class: "is-proposed", style: `width:${part(row.truth)}` }),
    el("i", { class: "is-kept", style: `width:${part(row.named)}` }),
  )
}

const legend = () =>
  el(
    "p",
    { class: "pl-legend" },
    el("span", {}, el("i", { class: "pl-key is-proposed" }), "true"),
    el("span", {}, el("i", { class: "pl-key is-kept" }), "named"),
  )

function drawTable(view, rows) {
  const { classes } = view.statics,
    { data } = view.frame.confusion
  const most = Math.max(1, ...rows.map((r) => Math.max(r.truth, r.named)))
  const isSmall = classes.length <= MATRIX,
    peak = Math.max(1, ...data)
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
        el("caption", {}, "Validation rows. Rows of the matrix: true class. Columns: predicted class."),
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
          "class",
          "true and predicted",
          "precision",
          "recall",
          ...(isSmall ? [] : ["most often confused with"]),
        ].map((text) => el("th", { scope: "col" }, text)),
      ),
    ),
    el(
      "tbody",
      {},
      ...rows.map((row, c) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, className(classes, c)),
          el("td", { class: "pl-wide", style: "width:42%" }, bars(row, most)),
          el("td", {}, share(row.right, row.named)),
          el("td", {}, share(row.right, row.truth)),
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
  return el("div", {}, matrix, legend(), table)
}

/** With very many classes only how often each is there and is named. */
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
  const said = `A matrix of ${classes.toLocaleString("en")} classes would be too large to read. Of ${count(sum(truth))} validation rows, these classes are predicted too often or too seldom:`
  const headings = ["class", "true", "predicted"].map((text) => el("th", { scope: "col" }, text))
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
