// A broken run beside its intact one at one epoch, in words; selfsup_core/evaluate/words/beside.py says the same.

import { fixed, percent } from "../lib/dom.js"

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
  const at = `at epoch ${broken.epoch}`
  const parts = []
  if (isKnown(gauge)) {
    parts.push(
      `the ${RANKS.has(gauge) ? "effective rank" : "standard deviation"} of the embeddings z ${at} is ` +
        `${sayGauge(gauge, broken[gauge])} (intact: ${sayGauge(gauge, intact[gauge])})`,
    )
  }
  if (isKnown("probe_accuracy")) {
    const when = parts.length ? "" : ` ${at}`
    parts.push(
      `a linear classifier on the code h reaches ${percent(broken.probe_accuracy)}${when} ` +
        `(intact: ${percent(intact.probe_accuracy)})`,
    )
  }
  return parts.length ? `${title}, ${parts.join(" and ")}.` : ""
}
