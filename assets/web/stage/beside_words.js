// A broken run beside its intact one at one epoch, in words; selfsup_core/evaluate/words/beside.py says the same.

import { fixed, percent } from "../lib/dom.js"
import { tr } from "../lib/words.js"

const RANKS = new Set(["projector_rank", "rankme"])

/** "0.93", of a rank "14.0". */
export const sayGauge = (gauge, value) => fixed(value, RANKS.has(gauge) ? 1 : 2)

/** "without predictor", as within a sentence. */
export const inline = (title) => title.slice(0, 1).toLowerCase() + title.slice(1)

/**
 * Rows [intact, broken] of the last epoch up to `epoch` that both have, or null.
 * @param {{epoch: number}[]} intact
 * @param {{epoch: number}[]} broken
 */
export function lastCommon(intact, broken, epoch = Number.POSITIVE_INFINITY) {
  const known = new Map(intact.map((row) => [row.epoch, row]))
  const both = broken.filter((row) => row.epoch <= epoch && known.has(row.epoch))
  if (!both.length) return null
  const last = both.reduce((a, b) => (b.epoch > a.epoch ? b : a))
  return [known.get(last.epoch), last]
}

/**
 * One sentence on one epoch; "" where nothing is measured of both.
 * @param {{title: string, gauge: string}} about title of the break, and the gauge in which it should be seen
 */
export function sayBeside({ title, gauge }, intact, broken) {
  const isKnown = (name) => typeof intact[name] === "number" && typeof broken[name] === "number"
  const { epoch } = broken
  const measured = isKnown(gauge)
    ? { value: sayGauge(gauge, broken[gauge]), intact: sayGauge(gauge, intact[gauge]) }
    : null
  const probe = isKnown("probe_accuracy")
    ? { probe: percent(broken.probe_accuracy), probe_intact: percent(intact.probe_accuracy) }
    : null
  const said = { title, epoch, ...measured, ...probe }
  if (!measured && !probe) return ""
  if (!measured)
    return tr(
      "{title}, a linear classifier on the code h reaches {probe} at epoch {epoch} (intact: {probe_intact}).",
      said,
    )
  if (RANKS.has(gauge))
    return probe
      ? tr(
          "{title}, the effective rank of the embeddings z at epoch {epoch} is {value} (intact: {intact}) and a linear classifier on the code h reaches {probe} (intact: {probe_intact}).",
          said,
        )
      : tr(
          "{title}, the effective rank of the embeddings z at epoch {epoch} is {value} (intact: {intact}).",
          said,
        )
  return probe
    ? tr(
        "{title}, the standard deviation of the embeddings z at epoch {epoch} is {value} (intact: {intact}) and a linear classifier on the code h reaches {probe} (intact: {probe_intact}).",
        said,
      )
    : tr(
        "{title}, the standard deviation of the embeddings z at epoch {epoch} is {value} (intact: {intact}).",
        said,
      )
}
