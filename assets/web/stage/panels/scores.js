// A scenario's score over epochs on validation rows: student and twin; and how many proposals are kept, with the oracle
// also how many of them are right.

import { el } from "../../lib/dom.js"
import { COLORS } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { describeScores, scoreOf } from "../scenarios.js"
import { layoutOf } from "./curves.js"
import { holdPlot, moveByClick, offerWhole, PLOT_OPTIONS } from "./plotly.js"

/** The curves of a choice: [metric, name, dash]. */
const linesOf = (choice, score) =>
  choice === "kept"
    ? [
        ["kept_share", tr("share kept"), "solid"],
        ["kept_right", tr("of these right"), "dash"],
        ["kept_asked", tr("of these asked by people too"), "dash"],
      ]
    : [
        [`val_${score.name}`, tr("student"), "solid"],
        [`val_twin_${score.name}`, tr("twin"), "dash"],
      ]

export default {
  id: "scores",
  get title() {
    return tr("Score")
  },
  create(root, ctx) {
    const choice = el(
      "select",
      {
        class: "stage-input",
        "aria-label": tr("Curves"),
        "data-testid": "scores-curves",
        onchange: () => draw(),
      },
      el("option", { value: "score" }, scoreOf(ctx.task).say()),
      el("option", { value: "kept" }, tr("Kept proposals")),
    )
    const plot = el("div", { class: "stage-plot" })
    const whole = offerWhole(plot, () => draw())
    root.head.append(choice, whole.button)
    root.body.append(plot)
    let view = null,
      drawn = ""
    const drawing = holdPlot(plot, ctx, () => draw())

    function draw() {
      if (!drawing.Plotly || !view?.state) return
      const cursor = view.row?.epoch ?? 0
      const key = [
        view.epochRows.length,
        cursor,
        choice.value,
        view.theme.id,
        whole.times,
        view.oracle?.isOn,
      ].join("|")
      if (key === drawn) return
      drawn = key
      const score = scoreOf(ctx.task),
        isShare = choice.value === "kept" || score.isShare
      const layout = layoutOf(view, { metric: choice.value, isLog: false, cursor, times: whole.times })
      Object.assign(layout.yaxis, { tickformat: isShare ? "~%" : "~g", rangemode: "tozero" })
      const colors = view.theme.isDark ? [COLORS[5], "#ff9a5c"] : [COLORS[0], COLORS[3]]
      const traces = linesOf(choice.value, score).map(([metric, name, dash], i) => {
        const rows = view.epochRows.filter((row) => typeof row[metric] === "number")
        return {
          x: rows.map((row) => row.epoch),
          y: rows.map((row) => row[metric]),
          name,
          type: "scatter",
          mode: rows.length > 1 ? "lines" : "markers",
          line: { color: colors[i], dash, width: 2.5 },
          marker: { color: colors[i], size: 8 },
          hovertemplate: isShare ? "%{y:.1%}" : "%{y:.1f}",
        }
      })
      const shown = traces.filter((trace) => trace.x.length)
      drawing.Plotly.react(plot, shown, layout, PLOT_OPTIONS)
      moveByClick(plot, ctx)
      whole.watch()
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize() {
        if (drawn) drawing.resize()
      },
      destroy: drawing.destroy,
      summary: (next) => describeScores(next.state, next.row),
    }
  },
}
