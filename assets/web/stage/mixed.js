// What is said of an autoencoder beside PCA, also where its code is not better in every way.

import { tr } from "../lib/words.js"
import { hasRoomForCopy } from "./facts.js"

/** Whether the autoencoder beats PCA with as many dimensions, as selfsup_core/evaluate/words/verdict.py says it. */
export function compareWithPca(mse, baseline, isEnded) {
  if (hasRoomForCopy(baseline))
    return [tr("the code has room for a copy, so a small error says little"), "even"]
  const ratio = mse / baseline.pca_mse
  if (ratio < 1 - baseline.verdict_margin) return [tr("better than PCA"), "good"]
  if (ratio <= 1 + baseline.verdict_margin) return [tr("about as good as PCA"), "even"]
  return [isEnded ? tr("worse than PCA") : tr("not yet better than PCA"), isEnded ? "bad" : "even"]
}

/** [text, tone] of the comparison with PCA; a good one is not green alone where neighbors find classes less well. */
export function sayMixed([text, tone], knn, raw, input) {
  const isMixed = tone === "good" && raw && knn && knn < raw - 0.02
  return isMixed
    ? [tr("{text}, but neighbors find classes less well than in raw {input}", { text, input }), "even"]
    : [text, tone]
}
