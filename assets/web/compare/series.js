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

/** A run's rows that have the metric, and their values as they are drawn. */
function curveOf(side, metric, smoothing) {
  const rows = side.epochRows.filter((row) => valueIn(row, metric) !== null)
  const values = smooth(
    rows.map((row) => valueIn(row, metric)),
    smoothing,
  )
  return { rows, values }
}

const placeOn = (axis, row) => row[axis] ?? row.epoch

/**
 * A curve for each run.
 * @param {object[]} sides views of the runs, each with `number`, its place from 1
 * @param {{metric: string, smoothing: number, axis: "epoch" | "seconds"}} shown
 */
export function tracesOfRuns(sides, { metric, smoothing, axis }) {
  return sides.map((side) => {
    const { rows, values } = curveOf(side, metric, smoothing)
    const { color, dash } = lookOf(side.number - 1)
    return {
      x: rows.map((row) => placeOn(axis, row)),
      y: values,
      customdata: rows.map((row) => row.epoch),
      name: String(side.number),
      mode: rows.length > 1 ? "lines" : "markers",
      type: "scatter",
      line: { color, dash, width: 2 },
      marker: { color, size: 8 },
      hovertemplate: "%{y:.4f}",
    }
  })
}

/**
 * Where each run is at the cursor. On the axis of time each is elsewhere, so there is no line.
 * @returns {import("../stage/panels/marks.js").Marks}
 */
export function marksOfRuns(sides, { metric, smoothing, axis, cursor }) {
  const dots = sides.flatMap((side) => {
    const { rows, values } = curveOf(side, metric, smoothing)
    const at = rows.findLastIndex((row) => row.epoch <= cursor)
    if (at < 0) return []
    const { color } = lookOf(side.number - 1)
    return [{ x: placeOn(axis, rows[at]), y: values[at], color, edge: side.theme.background }]
  })
  return { line: axis === "seconds" ? null : cursor, dots }
}

/** How Plotly draws them. */
export function layoutOfRuns(view, { metric, isLog, axis, times }) {
  const epochs = Math.max(1, ...view.sides.map(({ state }) => state?.epochs ?? 1))
  const state = { ...view.sides[0].state, epochs, task: isInRounds(view.sides) ? "pseudo" : "" }
  const layout = layoutOf(
    { theme: view.theme, rows: [], state },
    { metric, isLog, cursor: 0, times: `${axis}-${times}` },
  )
  layout.shapes = []
  layout.yaxis.showticklabels = true
  if (axis === "seconds") {
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
