// Unsure and wrong rows: the least certain proposals; with the Oracle also the most confident mistakes, and how pure and how
// complete the kept labels of each class are.

import { el, percent } from "../../lib/dom.js"
import { drawItem, itemAt } from "../items.js"
import { className, count, emptyNote, KEPT, mixOf, PROPOSED, share, sum, TRUTH, whyEmpty } from "../pseudo.js"
import { describeChoice, findBox, mostConfused, sumsOf } from "./confused.js"

const NONE_WRONG = "No proposal is wrong among the rows whose true class is known."
const MATRIX = 12 // classes, above which the confusion is told in words
const PARTS = [
  ["unsure", "Unsure", "Proposals with the lowest confidence"],
  ["mistakes", "Mistakes", "Wrong proposals with the highest confidence"],
  ["classes", "By class", "Kept labels compared with the true classes"],
]

export default {
  id: "errors",
  title: "Unsure and wrong rows",
  create(root, ctx) {
    const chips = PARTS.map(([id, text, help]) =>
      el(
        "button",
        {
          class: "stage-chip",
          type: "button",
          title: help,
          "aria-pressed": "false",
          "data-testid": `errors-${id}`,
          onclick: () => {
            chosen = id
            draw()
          },
        },
        text,
      ),
    )
    const find = findBox(() => {
      drawn = ""
      draw()
    })
    root.head.append(...chips, find)
    const body = el("div", {
      class: "stage-scroll",
      tabindex: "0",
      role: "group",
      "aria-label": "Unsure and wrong rows",
    })
    root.body.append(body)
    const empty = emptyNote(root)
    let view = null,
      chosen = "unsure",
      drawn = "",
      frame = null

    function draw() {
      if (!view?.statics) return empty.say("No round has finished yet.", body)
      const isOn = view.oracle.isOn,
        part = isOn ? chosen : "unsure"
      find.hidden = part !== "classes" || !view.frame?.kept_confusion_sums
      chips.forEach((chip, i) => {
        chip.hidden = !isOn
        chip.setAttribute("aria-pressed", String(PARTS[i][0] === part))
      })
      const why = whyEmpty(view, part === "classes" ? KEPT : PROPOSED)
      empty.say(why, body)
      const key = `${part}|${isOn}`
      if (why || (key === drawn && frame === view.frame)) return
      if (key !== drawn) body.scrollTop = 0
      drawn = key
      frame = view.frame
      body.replaceChildren(part === "classes" ? drawClasses(view, find.value) : drawRows(view, part, ctx))
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize() {},
      destroy() {},
      summary(next) {
        const why = whyEmpty(next, PROPOSED)
        if (why || !next.statics) return why || "No round has finished yet."
        const first = next.frame.unsure_rows
          ? `The least confident proposal is ${describeRow(next, "unsure", 0)}.`
          : ""
        if (!next.oracle.isOn) return first
        const found = next.frame.mistakes_rows?.data.length,
          worst = found
            ? ` The most confident mistake is ${describeRow(next, "mistakes", 0)}.`
            : ` ${NONE_WRONG}`
        const rows = sumsOf(next.frame, "kept_confusion", true)
        return `${first}${worst}${rows ? ` ${describeClasses(next, rows)}` : ""}`
      },
    }
  },
}

const at = (frame, part, name, i) => frame[`${part}_${name}`]?.data[i]

/** A model may name a class without saying how sure it is. */
function sure(frame, part, i, before = "") {
  const value = at(frame, part, "confidence", i)
  return Number.isNaN(value) ? "without a probability" : `${before}${percent(value, 0)}`
}

export function describeRow({ frame, statics: { classes } }, part, i) {
  const label = at(frame, part, "label", i),
    truth = at(frame, part, "truth", i)
  if (label === undefined) return "none"
  return `row ${at(frame, part, "rows", i)}: ${classes[label]} ${sure(frame, part, i, "with ")}${truth === undefined ? "" : truth >= 0 ? `, truly ${classes[truth]}` : ", class unknown"}`
}

function drawRows(view, part, ctx) {
  const { frame, statics } = view,
    rows = frame[`${part}_rows`]?.data ?? [],
    texts = frame.words?.[`${part}_texts`],
    values = frame[`${part}_values`]
  const isPicture = !texts && statics.shape.length > 1
  if (!rows.length)
    return el("p", { class: "stage-muted" }, part === "mistakes" ? NONE_WRONG : "No proposal in this round.")
  const items = Array.from(rows, (row, i) => {
    const label = at(frame, part, "label", i),
      truth = at(frame, part, "truth", i),
      place = statics.rows.data.indexOf(row)
    const says = el(
      "div",
      { class: "pl-says" },
      className(statics.classes, label),
      el("span", {}, sure(frame, part, i)),
      sayTruth(statics.classes, label, truth),
    )
    const shown = texts
      ? el("p", { class: "pl-text" }, texts[i])
      : values
        ? drawValues(statics, itemAt(values, i))
        : null
    // Rows that are on the map can be found there.
    const find =
      place < 0
        ? null
        : el(
            "button",
            {
              class: "stage-chip",
              type: "button",
              title: "Mark this row on the map",
              onclick: () => ctx.selection.set(place),
            },
            "on map",
          )
    return el("li", {}, el("span", { class: "stage-muted" }, `row ${row}`), shown, says, find)
  })
  const title =
    part === "mistakes"
      ? "Wrong proposals, the most confident first."
      : "Proposals, the least confident first."
  return el(
    "div",
    {},
    el("p", { class: "stage-how pl-title" }, title),
    el(
      "ul",
      {
        class: `pl-rows ${isPicture ? "is-wall" : ""}`,
        "aria-label": part === "mistakes" ? "Most confident mistakes" : "Least confident proposals",
      },
      ...items,
    ),
  )
}

/** Nothing while true classes are hidden; "class unknown" where the data set has none for this row. */
function sayTruth(classes, label, truth) {
  if (truth === undefined) return null
  if (truth < 0) return el("span", { class: "stage-muted" }, "class unknown")
  const isRight = truth === label
  return el(
    "span",
    { class: "pl-truth", "data-right": String(isRight) },
    isRight ? "✓ right" : `✗ is ${classes[truth]}`,
  )
}

/** An image as it is; a table's row, in frames of earlier versions, as the network is given it, in 0…1. */
function drawValues(statics, bytes) {
  if (statics.shape.length > 1) return drawItem(statics, bytes, { size: 56 })
  const words = Array.from(
    bytes,
    (value, i) => `${statics.columns?.[i] || `value ${i + 1}`} ${(value / 255).toFixed(2)}`,
  ).join(" · ")
  return el("p", { class: "pl-text", title: words }, words)
}

/** @param {import("./confused.js").ClassSums[]} rows of each kept label, by what is true */
function describeClasses(view, rows) {
  const { classes } = view.statics,
    kept = sum(rows.map((r) => r.own))
  if (!kept) return "The true class of none of the kept labels is known."
  const worst = rows
    .map((r, c) => [r, c])
    .filter(([r]) => r.own)
    .sort(([a], [b]) => a.right / a.own - b.right / b.own)[0]
  const all = sum(mixOf(view.frame, KEPT))
  const which = kept < all ? `${count(kept)} kept labels whose true class is known` : "kept labels"
  return `${share(sum(rows.map((r) => r.right)), kept)} of the ${which} are correct; the lowest precision is that of ${classes[worst[1]]}, ${share(worst[0].right, worst[0].own)}.`
}

function drawClasses(view, typed) {
  const {
      frame,
      statics: { classes },
    } = view,
    rows = sumsOf(frame, "kept_confusion", true)
  if (!rows)
    return el("p", { class: "stage-muted" }, "This version of the run kept no such table of so many classes.")
  const truth = mixOf(frame, TRUTH),
    choice = frame.kept_confusion_sums ? mostConfused(rows, classes, typed) : null
  const said = `${describeClasses(view, rows)}${choice ? ` ${describeChoice(choice, classes, typed)}` : ""}`
  return el(
    "div",
    {},
    el("p", { class: "pl-words" }, said),
    classes.length <= MATRIX
      ? drawMatrix(frame, classes, rows, truth)
      : drawList(classes, rows, truth, choice?.shown ?? rows.map((_, c) => c)),
  )
}

function drawMatrix(frame, classes, rows, truth) {
  const { data } = frame.kept_confusion,
    most = Math.max(1, ...data)
  const cell = (n, isRight) =>
    el(
      "td",
      {
        style: `--share:${Math.sqrt(n / most).toFixed(3)}`,
        class: isRight ? "is-right" : n ? "is-wrong" : "is-none",
      },
      n ? count(n) : "·",
    )
  return el(
    "table",
    { class: "pl-table pl-matrix", "data-testid": "errors-matrix" },
    el("caption", {}, "Rows: true class. Columns: kept label."),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", {}),
        ...classes.map((name) => el("th", { scope: "col", title: name }, name)),
        el(
          "th",
          { scope: "col", title: "Share of the rows of this class that are kept, with any label" },
          "coverage",
        ),
      ),
    ),
    el(
      "tbody",
      {},
      ...rows.map((row, t) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, className(classes, t)),
          ...classes.map((_, c) => cell(data[t * classes.length + c], t === c)),
          el("td", {}, share(row.other, truth[t])),
        ),
      ),
      el(
        "tr",
        { class: "is-total" },
        el(
          "th",
          { scope: "row", title: "Share of the labels kept as this class that are correct" },
          "precision",
        ),
        ...rows.map((row) => el("td", {}, share(row.right, row.own))),
        el("td", {}),
      ),
    ),
  )
}

function drawList(classes, rows, truth, shown) {
  return el(
    "table",
    { class: "pl-table", "data-testid": "errors-matrix" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ...["class", "kept", "precision", "coverage", "when wrong, mostly"].map((text) =>
          el("th", { scope: "col" }, text),
        ),
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
            el("td", {}, count(row.own)),
            el("td", {}, share(row.right, row.own)),
            el("td", {}, share(row.other, truth[c])),
            el("td", {}, row.worst < 0 ? "–" : `${classes[row.worst]} (${count(row.worstCount)})`),
          ),
        ),
    ),
  )
}
