// Label distribution: for each class the given labels, proposals, what was kept of them, and with the Oracle the truth.

import { el, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import {
  className,
  count,
  emptyNote,
  GIVEN,
  KEPT,
  mixOf,
  PROPOSED,
  share,
  sum,
  TRUTH,
  whyNone,
} from "../pseudo.js"

const columnsOf = () => [
  [tr("given"), GIVEN, tr("True labels given to training")],
  [tr("proposed"), PROPOSED, tr("Unlabeled rows for which this class is proposed")],
  [tr("kept"), KEPT, tr("Proposals that the next round trains on")],
  [tr("truth"), TRUTH, tr("True classes of the unlabeled rows")],
]

const MOST = 40 // classes with a row of their own; of more the largest, and the others together

/**
 * Which classes have a row: all, or the largest, in their order.
 * @param {ArrayLike<number>[]} values counts by class of unlabeled rows: true, proposed, kept
 * @param {ArrayLike<number>} given labels by class: of classes that are as large, those with more come first
 */
export function rowsOf(values, given) {
  const all = Array.from(given, (_, i) => i)
  if (all.length <= MOST) return all
  const size = all.map((i) => sum(values.map((row) => row[i])))
  return all
    .sort((a, b) => size[b] - size[a] || given[b] - given[a] || a - b)
    .slice(0, MOST)
    .sort((a, b) => a - b)
}

/** Counts of the classes with a row and, where some have none, of these together. */
export function countsOf(values, shown) {
  const own = shown.map((i) => values[i])
  return shown.length < values.length ? [...own, sum(values) - sum(own)] : own
}

export default {
  id: "labels",
  get title() {
    return tr("Label distribution")
  },
  create(root) {
    const table = el("table", { class: "pl-table pl-labels" })
    const scroller = el(
      "div",
      { class: "stage-scroll", tabindex: "0", role: "group", "aria-label": tr("Labels by class") },
      table,
    )
    root.body.append(scroller)
    const empty = emptyNote(root)
    const truthKey = el("span", {}, el("i", { class: "pl-key is-truth" }), tr("truth"))
    root.foot.append(
      el(
        "p",
        { class: "pl-legend" },
        el("span", {}, el("i", { class: "pl-key is-proposed" }), tr("proposed")),
        el("span", {}, el("i", { class: "pl-key is-kept" }), tr("kept")),
        truthKey,
      ),
    )
    let built = "",
      rows = [],
      drawn = null

    /** Rows and cells once; afterwards only their numbers change. */
    function build(classes, shown, hasTruth) {
      const columns = columnsOf().filter(([, row]) => hasTruth || row !== TRUTH)
      const head = el(
        "tr",
        {},
        el("th", { scope: "col" }, tr("class")),
        el("th", { scope: "col", title: columns[0][2] }, columns[0][0]),
        el("th", { class: "pl-wide" }),
        ...columns.slice(1).map(([name, , help]) => el("th", { scope: "col", title: help }, name)),
      )
      const left = classes.length - shown.length
      const heads = shown.map((i) => className(classes, i))
      if (left)
        heads.push(el("span", { class: "stage-muted" }, tr("and {count} more", { count: count(left) })))
      rows = heads.map((head) => {
        const bar = {
          proposed: el("i", { class: "is-proposed" }),
          kept: el("i", { class: "is-kept" }),
          truth: hasTruth ? el("b", {}) : null,
        }
        const cells = columns.map(() => [el("b", {}), el("small", {})])
        const [given, ...others] = cells.map((parts) => el("td", {}, ...parts))
        const node = el(
          "tr",
          {},
          el("th", { scope: "row" }, head),
          given,
          el(
            "td",
            { class: "pl-wide" },
            el("div", { class: "pl-bar", "aria-hidden": "true" }, bar.proposed, bar.kept, bar.truth),
          ),
          ...others,
        )
        return { node, bar, cells, columns }
      })
      table.classList.toggle("is-dense", rows.length > 8)
      table.replaceChildren(el("thead", {}, head), el("tbody", {}, ...rows.map(({ node }) => node)))
      truthKey.hidden = !hasTruth
    }

    function update(view) {
      const { frame, statics } = view
      empty.say(frame?.mix && statics ? "" : whyNone(view), scroller)
      if (!frame?.mix || !statics || frame === drawn) return
      drawn = frame
      const { classes } = statics,
        hasTruth = view.oracle.isOn
      const all = [TRUTH, PROPOSED, KEPT, GIVEN].map((row) => mixOf(frame, row)),
        totals = all.map(sum)
      const shown = rowsOf(all.slice(0, 3), all[3]),
        key = `${shown.join()}|${hasTruth}`
      if (key !== built) build(classes, shown, hasTruth)
      built = key
      const values = all.map((counts) => countsOf(counts, shown))
      // The others together would make all bars short.
      const own = (row) => values[row].slice(0, shown.length)
      const most = Math.max(1, ...own(PROPOSED), ...own(KEPT), ...own(TRUTH))
      const wide = (value) => `${Math.min(100, (100 * value) / most)}%`
      rows.forEach(({ bar, cells, columns }, i) => {
        columns.forEach(([, row], c) => {
          setText(cells[c][0], count(values[row][i]))
          setText(cells[c][1], row === GIVEN || !totals[row] ? "" : share(values[row][i], totals[row]))
        })
        bar.proposed.style.width = wide(values[PROPOSED][i])
        bar.kept.style.width = wide(values[KEPT][i])
        if (bar.truth) bar.truth.style.left = wide(values[TRUTH][i])
      })
    }

    return {
      update,
      resize() {},
      destroy() {},
      summary(view) {
        if (!view.frame?.mix || !view.statics) return whyNone(view)
        const { classes } = view.statics,
          kept = mixOf(view.frame, KEPT),
          total = sum(kept)
        const given = sum(mixOf(view.frame, GIVEN)),
          proposed = sum(mixOf(view.frame, PROPOSED))
        const said = {
          round: view.frame.epoch,
          given: count(given),
          proposed: count(proposed),
          kept: count(total),
        }
        if (!total)
          return tr(
            "Round {round}: {given} labels are given, {proposed} rows have a proposal, {kept} of them are kept.",
            said,
          )
        const order = [...kept.keys()].sort((a, b) => kept[b] - kept[a]),
          say = (i) => `${classes[i]} ${count(kept[i])} (${share(kept[i], total)})`
        const list = order.slice(0, 12).map(say).join(", ")
        const first = tr(
          "Round {round}: {given} labels are given, {proposed} rows have a proposal, {kept} of them are kept: {list}.",
          { ...said, list },
        )
        if (!view.oracle.isOn) return first
        const truths = [...mixOf(view.frame, TRUTH)].map((n, i) => `${classes[i]} ${count(n)}`)
        const truth = tr("True classes of the unlabeled rows: {list}.", {
          list: truths.slice(0, 12).join(", "),
        })
        return `${first} ${truth}`
      },
    }
  },
}
