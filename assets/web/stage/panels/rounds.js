// Accuracy over rounds on test rows: student, twin and ceiling, with the gap at the cursor in words.

import { el, fixed, percent } from "../../lib/dom.js"
import { COLORS } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { loadPlotly, moveByClick, offerWhole, PLOT_OPTIONS } from "./plotly.js"

const LABEL_GAP = 15 // pixels between two labels at the right edge
const MARGIN = { l: 44, r: 92, t: 8, b: 34 }
const curvesOf = () => ({
  accuracy: {
    title: tr("Accuracy on test"),
    isShare: true,
    lines: [
      ["accuracy", tr("student")],
      ["twin_accuracy", tr("twin")],
      ["ceiling_accuracy", tr("ceiling")],
      ["careless_accuracy", tr("no safeguards")],
    ],
  },
  loss: {
    title: tr("Training loss"),
    lines: [
      ["train_loss", tr("student")],
      ["train_twin_loss", tr("twin")],
      ["train_ceiling_loss", tr("ceiling")],
      ["train_careless_loss", tr("no safeguards")],
    ],
  },
  kept: {
    title: tr("Kept labels"),
    isShare: true,
    lines: [
      ["coverage", tr("coverage")],
      ["flips", tr("changed")],
      ["kept_drift", tr("drift of class shares")],
      ["pseudo_precision", tr("precision")],
    ],
  },
})

const isNumber = (value) => typeof value === "number"

/** What the pseudo-labels have brought at an epoch, in words. */
export function describeGap(row) {
  if (!isNumber(row?.accuracy)) return tr("No round has been measured on test rows yet.")
  const careless = isNumber(row.careless_accuracy)
    ? tr("Without safeguards: {share}.", { share: percent(row.careless_accuracy) })
    : ""
  return [sayAccuracies(row), sayGap(row), careless].filter(Boolean).join(" ")
}

const sayFigure = (title, row) => tr("{title} over rounds. {said}", { title, said: describeGap(row) })

function sayAccuracies(row) {
  const said = {
    round: row.epoch,
    student: percent(row.accuracy),
    twin: percent(row.twin_accuracy),
    ceiling: percent(row.ceiling_accuracy),
  }
  if (isNumber(row.twin_accuracy))
    return isNumber(row.ceiling_accuracy)
      ? tr("Round {round}: student {student}, twin {twin}, ceiling {ceiling}.", said)
      : tr("Round {round}: student {student}, twin {twin}.", said)
  return isNumber(row.ceiling_accuracy)
    ? tr("Round {round}: student {student}, ceiling {ceiling}.", said)
    : tr("Round {round}: student {student}.", said)
}

function sayGap(row) {
  if (!isNumber(row.twin_accuracy)) return ""
  if (row.epoch === 0) return tr("Training has not started yet.")
  const gap = 100 * (row.accuracy - row.twin_accuracy)
  const points = fixed(Math.abs(gap), 1)
  if (Math.abs(gap) < 0.05) return tr("The student and its twin are equally good.")
  return gap > 0
    ? tr("The student is {points} points above its twin.", { points })
    : tr("The student is {points} points below its twin.", { points })
}

export default {
  id: "rounds",
  get title() {
    return tr("Over rounds")
  },
  create(root, ctx) {
    const all = curvesOf()
    const choice = el(
      "select",
      {
        class: "stage-input",
        "aria-label": tr("Curves"),
        "data-testid": "rounds-curves",
        onchange: () => draw(),
      },
      ...Object.entries(all).map(([id, { title }]) => el("option", { value: id }, title)),
    )
    const plot = el("div", { class: "stage-plot", role: "group" })
    const whole = offerWhole(plot, () => draw())
    root.head.append(choice, whole.button)
    root.body.append(plot)
    let view = null,
      Plotly = null,
      drawn = "",
      isGone = false
    loadPlotly(ctx).then(
      (loaded) => {
        Plotly = loaded
        if (!isGone) draw()
      },
      (error) => ctx.fail(String(error)),
    )

    function draw() {
      if (!view?.state || isGone) return
      plot.setAttribute("aria-label", sayFigure(all[choice.value].title, view.row))
      if (!Plotly) return
      const cursor = view.row?.epoch ?? 0
      const key = [
        view.epochRows.length,
        cursor,
        choice.value,
        view.theme.id,
        view.oracle?.isOn,
        plot.clientWidth,
        plot.clientHeight,
        whole.times,
      ].join("|")
      if (key === drawn || plot.clientWidth < 40) return
      drawn = key
      const lines = curves()
      Plotly.react(plot, lines.map(trace), layout(cursor, lines), PLOT_OPTIONS)
      moveByClick(plot, ctx)
      whole.watch()
    }

    /** The curves that have values, each told by its dash as well as its color. */
    function curves() {
      const { isDark, muted } = view.theme
      const looks = [
        [isDark ? COLORS[5] : COLORS[0], "solid", 2.5],
        [isDark ? "#ff9a5c" : COLORS[3], "dash", 2],
        [muted, "dot", 2],
        [isDark ? COLORS[4] : COLORS[6], "dashdot", 2],
      ]
      return all[choice.value].lines
        .map(([key, name], i) => {
          const rows = view.epochRows.filter((row) => isNumber(row[key]))
          return {
            key,
            name,
            look: looks[i],
            x: rows.map((row) => row.epoch),
            y: rows.map((row) => row[key]),
          }
        })
        .filter((line) => line.x.length)
    }

    function trace({ name, look: [color, dash, width], x, y }) {
      return {
        x,
        y,
        name,
        type: "scatter",
        mode: x.length > 1 ? "lines" : "lines+markers",
        line: { color, dash, width },
        cliponaxis: false,
        hovertemplate: all[choice.value].isShare ? "%{y:.1%}" : "%{y:.4f}",
      }
    }

    function layout(cursor, lines) {
      const { theme } = view,
        axis = { color: theme.muted, gridcolor: theme.border, zeroline: false, linecolor: theme.border }
      const values = lines.flatMap((line) => line.y)
      const [low, high] = range(values, all[choice.value].isShare)
      return {
        margin: MARGIN,
        showlegend: false,
        hovermode: "x unified",
        dragmode: "zoom",
        uirevision: `${choice.value}-${whole.times}`,
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: theme.font, color: theme.text, size: 12 * (theme.type ?? 1) },
        xaxis: {
          ...axis,
          title: { text: tr("round"), standoff: 6 },
          range: [0, Math.max(1, view.state.epochs)],
        },
        yaxis: {
          ...axis,
          range: [low, high],
          ...(all[choice.value].isShare ? { tickformat: "~%" } : {}),
        },
        hoverlabel: { bgcolor: theme.panel, bordercolor: theme.border, font: { color: theme.text } },
        shapes: [
          {
            type: "line",
            xref: "x",
            x0: cursor,
            x1: cursor,
            yref: "paper",
            y0: 0,
            y1: 1,
            line: { color: theme.text, width: 1.5 },
          },
        ],
        annotations: [
          ...labels(lines, low, high),
          ...(values.length
            ? []
            : [
                {
                  x: 0.5,
                  y: 0.5,
                  xref: "paper",
                  yref: "paper",
                  showarrow: false,
                  text: tr("Nothing has been measured yet."),
                  font: { color: theme.muted },
                },
              ]),
        ],
      }
    }

    /** Names at the lines' right ends, moved apart where they would overlap. */
    function labels(lines, low, high) {
      const height = plot.clientHeight - MARGIN.t - MARGIN.b,
        y = (value) => ((high - value) / (high - low || 1)) * height
      const placed = lines
        .map((line) => ({ line, value: line.y[line.y.length - 1] }))
        .map((l) => ({ ...l, at: y(l.value) }))
        .sort((a, b) => a.at - b.at)
      placed.forEach((label, i) => {
        label.put = i ? Math.max(label.at, placed[i - 1].put + LABEL_GAP) : label.at
      })
      for (let i = placed.length - 1, floor = height; i >= 0; i--, floor -= LABEL_GAP)
        placed[i].put = Math.min(placed[i].put, floor)
      return placed.map(({ line, value, at, put }) => ({
        x: line.x[line.x.length - 1],
        y: value,
        xref: "x",
        yref: "y",
        xanchor: "left",
        xshift: 6,
        yshift: at - put,
        showarrow: false,
        text: line.name,
        font: { color: line.look[0], size: 12 * (view.theme.type ?? 1) },
      }))
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize() {
        if (Plotly && drawn && !isGone && plot.isConnected && plot.clientWidth > 0)
          Plotly.Plots.resize(plot)?.catch?.(() => null)
      },
      destroy() {
        isGone = true
        if (Plotly) Plotly.purge(plot)
      },
      summary: (next) => describeGap(next.row),
    }
  },
}

/** Limits of an axis that hold all values with some air; shares stay between 0 and 1. */
function range(values, isShare) {
  if (!values.length) return [0, 1]
  const low = Math.min(...values),
    high = Math.max(...values),
    pad = Math.max(0.06 * (high - low), isShare ? 0.02 : 1e-3)
  return isShare ? [Math.max(-0.01, low - pad), Math.min(1.01, high + pad)] : [Math.min(0, low), high + pad]
}
