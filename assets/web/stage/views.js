// What panels of learning from views share: cosines of pairs, ranks, and what the code is compared with.

import { tr } from "../lib/words.js"

const NEIGHBORS = 5
const NEIGHBORS_OF_VIEWS = 20
const titlesBeside = () => ({
  raw: tr("raw input"),
  pca: tr("PCA of the same size"),
  untrained: tr("untrained network"),
})
/** The same within a sentence. */
const namesBeside = () => ({
  raw: tr("the raw input"),
  pca: tr("PCA of the same size"),
  untrained: tr("the untrained network"),
})

const measuredBeside = (said, baseline, metric) =>
  Object.entries(said)
    .map(([name, title]) => [title, baseline?.[`${name}_${metric}`]])
    .filter(([, value]) => typeof value === "number")

/** How many nearest neighbors a run's accuracy is of. @param {?{task: string}} state */
export const neighborsOf = (state) => (state?.task === "views" ? NEIGHBORS_OF_VIEWS : NEIGHBORS)

/**
 * What an accuracy is compared with: [title, value] of each baseline that was measured.
 * @param {?object} baseline
 * @param {string} metric "probe_accuracy" or "knn_accuracy"
 */
export const besideOf = (baseline, metric) => measuredBeside(titlesBeside(), baseline, metric)

/** Cosines of the two views of each tile: the diagonal of a (T, T) matrix. */
export function ownCosines({ shape: [size], data }) {
  return Float32Array.from({ length: size }, (_, i) => data[i * size + i])
}

/**
 * Mean cosine of views of one sample and of different ones; the latter is NaN of a single sample.
 * @returns {{own: number, others: number}}
 */
export function meanCosines({ shape: [size], data }) {
  const own = ownCosines({ shape: [size], data }).reduce((a, b) => a + b, 0)
  const all = data.reduce((a, b) => a + b, 0)
  return { own: own / size, others: (all - own) / (size * (size - 1)) }
}

/** exp(entropy) of singular values as shares, as selfsup_core/evaluate/collapse.py has it; 0 when all are 0. */
export function effectiveRank(values) {
  const total = values.reduce((a, b) => a + b, 0)
  if (!(total > 0)) return 0
  const entropy = values.reduce((sum, value) => {
    const p = value / total + 1e-7
    return sum - p * Math.log(p)
  }, 0)
  return Math.exp(entropy)
}

/** A run's code beside the best baseline, in words and as a tone; the margin is two standard errors of a share. */
export function compareProbe(row, baseline, isEnded) {
  const known = measuredBeside(namesBeside(), baseline, "probe_accuracy")
  if (typeof row?.probe_accuracy !== "number" || !known.length || !baseline.validation_rows) return ["", ""]
  const [name, best] = known.reduce((a, b) => (b[1] > a[1] ? b : a))
  const margin = 2 * Math.sqrt((best * (1 - best)) / baseline.validation_rows)
  if (row.probe_accuracy > best + margin) return [tr("better than {name}", { name }), "good"]
  if (row.probe_accuracy >= best - margin) return [tr("about as good as {name}", { name }), "even"]
  return isEnded
    ? [tr("worse than {name}", { name }), "bad"]
    : [tr("not yet as good as {name}", { name }), "even"]
}

/** The answer, which is a verdict's first sentence, and the rest of it. @returns {[string, string]} */
export function leadOf(text) {
  const end = text.indexOf(". ")
  return end < 0 ? [text, ""] : [text.slice(0, end + 1), text.slice(end + 2)]
}
