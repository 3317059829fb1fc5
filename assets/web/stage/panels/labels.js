// Label distribution: for each class the given labels, proposals, what was kept of them, and with the Oracle the truth.

import { el, setText } from "../../lib/dom.js"
import { className, count, emptyNote, GIVEN, KEPT, mixOf, PROPOSED, share, sum, TRUTH } from "../pseudo.js"

const COLUMNS = [
  ["given", GIVEN, "True labels given to training"],
  ["proposed", PROPOSED, "Unlabeled rows for which this class is proposed"],
  ["kept", KEPT, "Proposals that the next round trains on"],
  ["truth", TRUTH, "True classes of the unlabeled rows"],
]

export default {
  id: "labels",
  title: "Label distribution",
  create(root) {
    const table = el("table", { class: "pl-table pl-labels" })
    const scroller = el(
      "div",
      { class: "stage-scroll", tabindex: "0", role: "group", "aria-label": "Labels by class" },
      table,
    )
    root.body.append(scroller)
    const empty = emptyNote(root)
    const truthKey = el("span", {}, el("i", { class: "pl-key is-truth" }), "truth")
    root.foot.append(
      el(
        "p",
        { class: "pl-legend" },
        el("span", {}, el("i", { class: "pl-key is-proposed" }), "proposed"),
        el("span", {}, el("i", { class: "pl-key is-kept" }), "kept"),
        truthKey,
      ),
    )
    let built = "",
      rows = [],
      drawn = null

    /** Rows and cells once; afterwards only their numbers change. */
    function build(classes, hasTruth) {
      const columns = COLUMNS.filter(([, row]) => hasTruth || row !== TRUTH)
      const head = el(
        "tr",
        {},
        el("th", { scope: "col" }, "class"),
        el("th", { scope: "col", title: COLUMNS[0][2] }, "given"),
        el("th", { class: "pl-wide" }),
        ...columns.slice(1).map(([name, , help]) => el("th", { scope: "col", title: help }, name)),
      )
      rows = classes.map((_, i) => {
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
          el("th", { scope: "row" }, className(classes, i)),
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
      table.classList.toggle("is-dense", classes.length > 8)
      table.replaceChildren(el("thead", {}, head), el("tbody", {}, ...rows.map(({ node }) => node)))
      truthKey.hidden = !hasTruth
    }

    function update(view) {
      const { frame, statics } = view
      empty.say(frame?.mix && statics ? "" : "No round has finished yet.", scroller)
      if (!frame?.mix || !statics || frame === drawn) return
      drawn = frame
      const hasTruth = view.oracle.isOn,
        key = `${statics.classes.length}|${hasTruth}`
      if (key !== built) build(statics.classes, hasTruth)
      built = key
      const values = [TRUTH, PROPOSED, KEPT, GIVEN].map((row) => mixOf(frame, row)),
        totals = values.map(sum)
      const most = Math.max(1, ...values[PROPOSED], ...values[KEPT], ...values[TRUTH])
      rows.forEach(({ bar, cells, columns }, i) => {
        columns.forEach(([, row], c) => {
          setText(cells[c][0], count(values[row][i]))
          setText(cells[c][1], row === GIVEN || !totals[row] ? "" : share(values[row][i], totals[row]))
        })
        bar.proposed.style.width = `${(100 * values[PROPOSED][i]) / most}%`
        bar.kept.style.width = `${(100 * values[KEPT][i]) / most}%`
        if (bar.truth) bar.truth.style.left = `${(100 * values[TRUTH][i]) / most}%`
      })
    }

    return {
      update,
      resize() {},
      destroy() {},
      summary(view) {
        if (!view.frame?.mix || !view.statics) return "No round has finished yet."
        const { classes } = view.statics,
          kept = mixOf(view.frame, KEPT),
          total = sum(kept)
        const given = sum(mixOf(view.frame, GIVEN)),
          proposed = sum(mixOf(view.frame, PROPOSED))
        const start = `Round ${view.frame.epoch}: ${count(given)} labels are given, ${count(proposed)} rows have a proposal, ${count(total)} of them are kept`
        if (!total) return `${start}.`
        const order = [...kept.keys()].sort((a, b) => kept[b] - kept[a]),
          say = (i) => `${classes[i]} ${count(kept[i])} (${share(kept[i], total)})`
        const truth = view.oracle.isOn
          ? ` True classes of the unlabeled rows: ${[...mixOf(view.frame, TRUTH)]
              .map((n, i) => `${classes[i]} ${count(n)}`)
              .slice(0, 12)
              .join(", ")}.`
          : ""
        return `${start}: ${order.slice(0, 12).map(say).join(", ")}.${truth}`
      },
    }
  },
}
