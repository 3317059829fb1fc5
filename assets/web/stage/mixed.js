// What is said of an autoencoder that beats PCA where its code is not better in every way.

import { tr } from "../lib/words.js"

/** [text, tone] of the comparison with PCA; a good one is not green alone where neighbors find classes less well. */
export function sayMixed([text, tone], knn, raw, input) {
  const isMixed = tone === "good" && raw && knn && knn < raw - 0.02
  return isMixed
    ? [tr("{text}, but neighbors find classes less well than in raw {input}", { text, input }), "even"]
    : [text, tone]
}
