// Curves of several runs in one chart: which metrics they share, smoothing, and what Plotly is given.

import { brief, percent } from "../lib/dom.js"
import { COLORS } from "../lib/palette.js"
import { tr } from "../lib/words.js"
import { layoutOf, metricsOf, titleOf } from "../stage/panels/curves.js"

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"]
export const smoothings = () => [
  [0, tr("No smoothing")],
  [0.6, tr("Smoothed")],
  [0.9, tr("Strongly smoothed")],
]

/** The color and the dash of a run's curve; no color stands alone. @param {number} place from 0 */
export const lookOf = (place) => ({ color: COLORS[[0, 3, 2, 4, 1, 8][place % 6]], dash: DASHES[place % 6] })

/** The metrics that any of the runs has, those of the most runs first; the loss is the first of all. */
export function sharedMetrics(sides) {
  const counts = new Map([["loss", sides.length + 1]])
  for (const { epochRows } of sides)
    for (const metric of metricsOf(epochRows.at(-1) ?? {})) counts.set(metric, (counts.get(metric) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1]).map(([metric]) => metric)
}

/**
 * The value that stands for a metric in a row: its own, which the table shows, too; else that of validation rows, else
 * of training.
 */
export function valueIn(row, metric) {
  for (const name of [metric, `val_${metric}`, `train_${metric}`])
    if (typeof row?.[name] === "number") return row[name]
  return null
}

/**
 * Values averaged over those before them, with weights that fall off by `share`; the first ones are not drawn to zero.
 * @param {number[]} values
 * @param {number} share 0 for none
 */
export function smooth(values, share) {
  let mean = 0,
    weight = 0
  return values.map((value) => {
    mean = share * mean + (1 - share) * value
    weight = share * weight + (1 - share)
    return mean / weight
  })
}

/** The last row up to an epoch, or null. */
export const rowAt = (rows, epoch) => rows.findLast((row) => epoch === null || row.epoch <= epoch) ?? null

/**
 * @param {object[]} sides views of the runs, each with `number`, its place from 1
 * @param {{metric: string, smoothing: number, axis: "epoch" | "seconds", cursor: number}} shown
 */
export function tracesOfRuns(sides, { metric, smoothing, axis, cursor }) {
  return sides.flatMap((side) => {
    const rows = side.epochRows.filter((row) => valueIn(row, metric) !== null)
    const { color, dash } = lookOf(side.number - 1)
    const values = smooth(
      rows.map((row) => valueIn(row, metric)),
      smoothing,
    )
    const at = rows.findLastIndex((row) => row.epoch <= cursor)
    const place = (row) => row[axis] ?? row.epoch
    return [
      {
        x: rows.map(place),
        y: values,
        customdata: rows.map((row) => row.epoch),
        name: String(side.number),
        mode: rows.length > 1 ? "lines" : "markers",
        type: "scatter",
        line: { color, dash, width: 2 },
        marker: { color, size: 8 },
        hovertemplate: "%{y:.4f}",
      },
      {
        x: at < 0 ? [] : [place(rows[at])],
        y: at < 0 ? [] : [values[at]],
        customdata: at < 0 ? [] : [rows[at].epoch],
        mode: "markers",
        type: "scatter",
        showlegend: false,
        hoverinfo: "skip",
        marker: { color, size: 9, line: { color: side.theme.background, width: 1.5 } },
      },
    ]
  })
}

/** How Plotly draws them. */
export function layoutOfRuns(view, { metric, isLog, axis, cursor, times }) {
  const epochs = Math.max(1, ...view.sides.map(({ state }) => state?.epochs ?? 1))
  const state = { ...view.sides[0].state, epochs, task: isInRounds(view.sides) ? "pseudo" : "" }
  const layout = layoutOf(
    { theme: view.theme, rows: [], state },
    { metric, isLog, cursor, times: `${axis}-${times}` },
  )
  layout.yaxis.showticklabels = true
  if (axis === "seconds") {
    // Each run is elsewhere in its time; its dot says where.
    layout.shapes = []
    layout.xaxis = {
      ...layout.xaxis,
      title: { text: tr("seconds of training"), standoff: 6 },
      range: undefined,
      autorange: true,
      rangemode: "tozero",
    }
  }
  return layout
}

/** Whether all of the runs count rounds rather than epochs. */
export const isInRounds = (sides) => sides.every(({ state }) => state?.task === "pseudo")

/** As the table calls it, if it does. @param {{name: string, title: string}[]} measures */
export function nameOf(metric, sides, measures = []) {
  const found = measures.find(({ name }) => name === metric || name === `val_${metric}`)
  return found?.title ?? titleOf(metric, sides[0]?.state)
}

/** "88.3%" of an accuracy, else four digits. */
export const say = (name, value) => {
  if (value === null) return "–"
  return /accuracy|_f1|_share|coverage/.test(name) ? percent(value) : brief(value, 4)
}
