// Unsure and wrong rows: the least certain proposals; with the Oracle also the most confident mistakes, and how pure and how
// complete the kept labels of each class are.

import { el, fixed } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { drawItem, itemAt } from "../items.js"
import { className, count, emptyNote, KEPT, mixOf, PROPOSED, share, TRUTH, whyEmpty } from "../pseudo.js"
import { describeChoice, findBox, mostConfused, sumsOf } from "./confused.js"
import { at, describeClasses, describeRow, sure } from "./errors_words.js"

const sayNoneWrong = () => tr("No proposal is wrong among the rows whose true class is known.")
const MATRIX = 12 // classes, above which the confusion is told in words
const partsOf = () => [
  ["unsure", tr("Unsure"), tr("Proposals with the lowest confidence")],
  ["mistakes", tr("Mistakes"), tr("Wrong proposals with the highest confidence")],
  ["classes", tr("By class"), tr("Kept labels compared with the true classes")],
]

export default {
  id: "errors",
  get title() {
    return tr("Unsure and wrong rows")
  },
  create(root, ctx) {
    const parts = partsOf()
    const chips = parts.map(([id, text, help]) =>
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
      "aria-label": tr("Unsure and wrong rows"),
    })
    root.body.append(body)
    const empty = emptyNote(root)
    let view = null,
      chosen = "unsure",
      drawn = "",
      frame = null

    function draw() {
      if (!view?.statics) return empty.say(tr("No round has finished yet."), body)
      const isOn = view.oracle.isOn,
        part = isOn ? chosen : "unsure"
      find.hidden = part !== "classes" || !view.frame?.kept_confusion_sums
      chips.forEach((chip, i) => {
        chip.hidden = !isOn
        chip.setAttribute("aria-pressed", String(parts[i][0] === part))
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
        if (why || !next.statics) return why || tr("No round has finished yet.")
        const first = next.frame.unsure_rows
          ? tr("The least confident proposal is {row}.", { row: describeRow(next, "unsure", 0) })
          : ""
        if (!next.oracle.isOn) return first
        const worst = next.frame.mistakes_rows?.data.length
          ? tr("The most confident mistake is {row}.", { row: describeRow(next, "mistakes", 0) })
          : sayNoneWrong()
        const rows = sumsOf(next.frame, "kept_confusion", true)
        return [first, worst, rows ? describeClasses(next, rows) : ""].filter(Boolean).join(" ")
      },
    }
  },
}

function drawRows(view, part, ctx) {
  const { frame, statics } = view,
    rows = frame[`${part}_rows`]?.data ?? [],
    texts = frame.words?.[`${part}_texts`],
    values = frame[`${part}_values`]
  const isPicture = !texts && statics.shape.length > 1
  if (!rows.length)
    return el(
      "p",
      { class: "stage-muted" },
      part === "mistakes" ? sayNoneWrong() : tr("No proposal in this round."),
    )
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
              title: tr("Mark this row on the map"),
              onclick: () => ctx.selection.set(place),
            },
            tr("on map"),
          )
    return el("li", {}, el("span", { class: "stage-muted" }, tr("row {row}", { row })), shown, says, find)
  })
  const title =
    part === "mistakes"
      ? tr("Wrong proposals, the most confident first.")
      : tr("Proposals, the least confident first.")
  return el(
    "div",
    {},
    el("p", { class: "stage-how pl-title" }, title),
    el(
      "ul",
      {
        class: `pl-rows ${isPicture ? "is-wall" : ""}`,
        "aria-label": part === "mistakes" ? tr("Most confident mistakes") : tr("Least confident proposals"),
      },
      ...items,
    ),
  )
}

/** Nothing while true classes are hidden; "class unknown" where the data set has none for this row. */
function sayTruth(classes, label, truth) {
  if (truth === undefined) return null
  if (truth < 0) return el("span", { class: "stage-muted" }, tr("class unknown"))
  const isRight = truth === label
  return el(
    "span",
    { class: "pl-truth", "data-right": String(isRight) },
    isRight ? tr("✓ right") : tr("✗ is {name}", { name: classes[truth] }),
  )
}

/** An image as it is; a table's row, in frames of earlier versions, as the network is given it, in 0…1. */
function drawValues(statics, bytes) {
  if (statics.shape.length > 1) return drawItem(statics, bytes, { size: 56 })
  const words = Array.from(bytes, (value, i) =>
    [statics.columns?.[i] || tr("value {place}", { place: i + 1 }), fixed(value / 255, 2)].join(" "),
  ).join(" · ")
  return el("p", { class: "pl-text", title: words }, words)
}

function drawClasses(view, typed) {
  const {
      frame,
      statics: { classes },
    } = view,
    rows = sumsOf(frame, "kept_confusion", true)
  if (!rows)
    return el(
      "p",
      { class: "stage-muted" },
      tr("This version of the run kept no such table of so many classes."),
    )
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
    el("caption", {}, tr("Rows: true class. Columns: kept label.")),
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
          { scope: "col", title: tr("Share of the rows of this class that are kept, with any label") },
          tr("coverage"),
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
          { scope: "row", title: tr("Share of the labels kept as this class that are correct") },
          tr("precision"),
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
        ...[tr("class"), tr("kept"), tr("precision"), tr("coverage"), tr("when wrong, mostly")].map((text) =>
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
