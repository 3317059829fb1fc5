/** [text, tone] of the comparison with PCA; a good one is not green alone where neighbors find classes less well. */
export function sayMixed([text, tone], knn, raw, input) {
  const isMixed = tone === "good" && raw && knn && knn < raw - 0.02
  return isMixed
    ? [`${text}, but neighbors find classes less well than in raw ${input}`, "even"]
    : [text, tone]
}
