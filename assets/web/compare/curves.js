// The curves of all runs in one chart.

import { el } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { createMarks } from "../stage/panels/marks.js"
import { holdPlot, offerWhole, PLOT_OPTIONS } from "../stage/panels/plotly.js"
import {
  layoutOfRuns,
  marksOfRuns,
  nameOf,
  rowAt,
  say,
  sharedMetrics,
  smoothings,
  tracesOfRuns,
  valueIn,
} from "./series.js"

export const curves = {
  id: "compare-curves",
  get title() {
    return tr("Curves")
  },
  explains: "loss",
  says: "",
  create(root, ctx) {
    const select = (label, options, id) =>
      el(
        "select",
        { class: "stage-input", "aria-label": label, "data-testid": id, onchange: () => draw() },
        ...options.map(([value, text]) => el("option", { value }, text)),
      )
    const metric = select(tr("Metric"), [["loss", tr("Loss")]], "compare-metric")
    const smoothing = select(tr("Smoothing"), smoothings(), "compare-smoothing")
    const axis = select(
      tr("Horizontal axis"),
      [
        ["epoch", ctx.isInRounds ? tr("Over rounds") : tr("Over epochs")],
        ["seconds", tr("Over time")],
      ],
      "compare-axis",
    )
    const scale = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "aria-pressed": "false",
        title: tr("Logarithmic axis"),
        onclick: () => {
          scale.setAttribute("aria-pressed", String(!isLog()))
          draw()
        },
      },
      tr("log"),
    )
    const isLog = () => scale.getAttribute("aria-pressed") === "true"
    const plot = el("div", { class: "stage-plot" })
    const whole = offerWhole(plot, () => draw())
    const marks = createMarks(plot)
    const more = el(
      "details",
      { class: "bubble compare-more" },
      el("summary", { class: "stage-chip" }, tr("Axes")),
      el("div", { class: "compare-more-body" }, axis, smoothing, scale),
    )
    root.head.append(metric, more, whole.button)
    root.body.append(plot)
    let view = null,
      drawn = ""
    const drawing = holdPlot(plot, ctx, () => draw())

    function offer() {
      for (const name of sharedMetrics(view.sides)) {
        if ([...metric.options].some((option) => option.value === name)) continue
        metric.append(el("option", { value: name }, nameOf(name, view.sides, ctx.measures)))
      }
      // What the runs are best compared by is chosen first.
      if (!metric.dataset.isChosen && view.first && [...metric.options].some((o) => o.value === view.first)) {
        metric.value = view.first
        metric.dataset.isChosen = "yes"
      }
    }

    function draw() {
      if (!drawing.Plotly || !view) return
      offer()
      const shown = {
        metric: metric.value,
        smoothing: Number(smoothing.value),
        axis: axis.value,
        isLog: isLog(),
        times: whole.times,
      }
      const key = JSON.stringify([shown, view.theme.id, view.sides.map((side) => side.epochRows.length)])
      marks.show(marksOfRuns(view.sides, { ...shown, cursor: view.cursor ?? 0 }), view.theme.text)
      if (key === drawn) return
      drawn = key
      drawing.Plotly.react(plot, tracesOfRuns(view.sides, shown), layoutOfRuns(view, shown), PLOT_OPTIONS)
      listen()
      whole.watch()
      marks.watch()
    }

    // On the axis of time a point is not where its epoch is, so it says its epoch itself.
    function listen() {
      if (plot.dataset.hasClick) return
      plot.dataset.hasClick = "yes"
      plot.on("plotly_click", (event) => ctx.cursor.moveToEpoch(event.points[0].customdata))
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
      summary(next) {
        const name = metric.value
        const said = next.sides.map((side) => {
          const row = rowAt(side.epochRows, next.cursor)
          if (!row) return tr("run {run} has no epoch yet", { run: side.number })
          const value = say(name, valueIn(row, name))
          const at = { run: side.number, value, epoch: row.epoch }
          return ctx.isInRounds
            ? tr("run {run} {value} at round {epoch}", at)
            : tr("run {run} {value} at epoch {epoch}", at)
        })
        return tr("{metric}: {runs}.", {
          metric: nameOf(name, next.sides, ctx.measures),
          runs: said.join(", "),
        })
      },
    }
  },
}
