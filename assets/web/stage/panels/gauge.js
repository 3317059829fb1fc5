// One gauge over epochs, of an intact and a broken run in one chart, with the cursor.

import { el, percent } from "../../lib/dom.js"
import { COLORS } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { inline, sayGauge } from "../beside_words.js"
import { besideOf } from "../views.js"
import { layoutOf, titleOf } from "./curves.js"
import { holdPlot, moveByClick, offerWhole, PLOT_OPTIONS } from "./plotly.js"

const GAUGES = [
  "probe_accuracy",
  "spread",
  "deviation",
  "projector_rank",
  "rankme",
  "knn_accuracy",
  "alignment",
  "uniformity",
  "lidar",
]
export const SIDES = {
  intact: { color: COLORS[0], dash: "solid" },
  broken: { color: COLORS[3], dash: "dash" },
}

/**
 * The curves of both runs and, of an accuracy, what needs no training, for Plotly.
 * @param {object} view what a panel is given, with `sides`: the views of both runs, and `break`: {title, gauge}
 */
export function tracesOfBoth(view, metric) {
  const runs = Object.entries(SIDES).map(([side, { color, dash }]) => {
    const rows = (view.sides[side]?.epochRows ?? []).filter((row) => typeof row[metric] === "number")
    return {
      x: rows.map((row) => row.epoch),
      y: rows.map((row) => row[metric]),
      name: side === "intact" ? tr("intact") : inline(view.break.title),
      mode: rows.length > 1 ? "lines" : "markers",
      type: "scatter",
      line: { color, dash, width: 2.5 },
      marker: { color, size: 8 },
      hovertemplate: "%{y:.4f}",
    }
  })
  const [best] = besideOf(view.state.baseline, metric).sort((a, b) => b[1] - a[1])
  if (!best) return runs
  const [name, value] = best
  return [
    ...runs,
    {
      x: [0, view.state.epochs],
      y: [value, value],
      name,
      mode: "lines",
      line: { color: view.theme.muted, dash: "dot", width: 1.5 },
      hovertemplate: "%{y:.4f}",
    },
  ]
}

/**
 * A panel of one gauge.
 * @param {string} id
 * @param {string} title
 * @param {(view: object) => string} usual which gauge is shown until another one is chosen
 */
export const gaugePanel = (id, title, usual) => ({
  id,
  title,
  explains: "gauge",
  says: "", // what both runs together come to is said above them
  create(root, ctx) {
    const choice = el("select", { class: "stage-input", "aria-label": tr("Gauge"), onchange: () => pick() })
    const plot = el("div", { class: "stage-plot" })
    const whole = offerWhole(plot, () => draw())
    root.head.append(choice, whole.button)
    root.body.append(plot)
    let view = null,
      drawn = "",
      isChosen = false
    const drawing = holdPlot(plot, ctx, () => draw())

    function pick() {
      isChosen = true
      draw()
    }

    // What is usual is not known before a first row is there.
    function offer() {
      if (!choice.options.length)
        choice.append(...GAUGES.map((name) => el("option", { value: name }, titleOf(name, view.state))))
      if (!isChosen) choice.value = usual(view)
    }

    function draw() {
      if (!drawing.Plotly || !view) return
      const cursor = view.row?.epoch ?? 0
      const counts = Object.values(view.sides).map((side) => side?.epochRows.length)
      const key = [...counts, cursor, choice.value, view.theme.id, whole.times, Boolean(view.state.baseline)]
      if (key.join("|") === drawn) return
      drawn = key.join("|")
      const shown = { metric: choice.value, isLog: false, cursor, times: whole.times }
      drawing.Plotly.react(plot, tracesOfBoth(view, choice.value), layoutOf(view, shown), PLOT_OPTIONS)
      moveByClick(plot, ctx)
      whole.watch()
    }

    return {
      update(next) {
        view = next
        offer()
        draw()
      },
      resize() {
        if (drawn) drawing.resize()
      },
      destroy: drawing.destroy,
      summary(next) {
        const metric = choice.value || usual(next)
        const say = (value) => (/accuracy/.test(metric) ? percent(value) : sayGauge(metric, value))
        const said = Object.keys(SIDES).map((side) => {
          const row = next.sides[side]?.row
          const who = side === "intact" ? tr("intact") : inline(next.break.title)
          return row
            ? tr("{value} {run} at epoch {epoch}", { value: say(row[metric]), run: who, epoch: row.epoch })
            : tr("none yet {run}", { run: who })
        })
        return `${titleOf(metric, next.state)}: ${said.join(", ")}.`
      },
    }
  },
})
