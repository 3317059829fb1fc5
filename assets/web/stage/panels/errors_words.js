// Unsure and wrong rows in words.

import { percent } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { count, KEPT, mixOf, share, sum } from "../pseudo.js"

export const at = (frame, part, name, i) => frame[`${part}_${name}`]?.data[i]

/** A model may name a class without saying how sure it is. */
export function sure(frame, part, i) {
  const value = at(frame, part, "confidence", i)
  return Number.isNaN(value) ? tr("without a probability") : percent(value, 0)
}

export function describeRow({ frame, statics: { classes } }, part, i) {
  const label = at(frame, part, "label", i),
    truth = at(frame, part, "truth", i)
  if (label === undefined) return tr("none")
  const said = {
    row: at(frame, part, "rows", i),
    name: classes[label],
    share: sure(frame, part, i),
    truth: classes[truth],
  }
  const isSure = !Number.isNaN(at(frame, part, "confidence", i))
  if (truth === undefined)
    return isSure ? tr("row {row}: {name} with {share}", said) : tr("row {row}: {name} {share}", said)
  if (truth < 0)
    return isSure
      ? tr("row {row}: {name} with {share}, class unknown", said)
      : tr("row {row}: {name} {share}, class unknown", said)
  return isSure
    ? tr("row {row}: {name} with {share}, truly {truth}", said)
    : tr("row {row}: {name} {share}, truly {truth}", said)
}

/** @param {import("./confused.js").ClassSums[]} rows of each kept label, by what is true */
export function describeClasses(view, rows) {
  const { classes } = view.statics,
    kept = sum(rows.map((r) => r.own))
  if (!kept) return tr("The true class of none of the kept labels is known.")
  const worst = rows
    .map((r, c) => [r, c])
    .filter(([r]) => r.own)
    .sort(([a], [b]) => a.right / a.own - b.right / b.own)[0]
  const all = sum(mixOf(view.frame, KEPT))
  const said = {
    share: share(sum(rows.map((r) => r.right)), kept),
    count: count(kept),
    name: classes[worst[1]],
    least: share(worst[0].right, worst[0].own),
  }
  return kept < all
    ? tr(
        "{share} of the {count} kept labels whose true class is known are correct; the lowest precision is that of {name}, {least}.",
        said,
      )
    : tr("{share} of the kept labels are correct; the lowest precision is that of {name}, {least}.", said)
}
