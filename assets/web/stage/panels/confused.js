// Of each class what a confusion says of it, from the whole matrix or, of very many classes, from sums of it; and which
// classes are confused most.

import { el, grouped } from "../../lib/dom.js"
import { largest, MOST } from "../../lib/shortlist.js"
import { tr } from "../../lib/words.js"
import { sum } from "../pseudo.js"

/**
 * @typedef {{right: number, own: number, other: number, worst: number, worstCount: number}} ClassSums
 * right: its rows that are right; own: its rows; other: rows that are taken for it; worst: the class that most of its
 * other rows are taken for (−1 none), worstCount: how many
 */

/**
 * @param {object} frame
 * @param {string} name of a matrix in it, truth down; of its sums with "_sums" behind
 * @param {boolean} [isNamed] whether rows belong to the class that they are named as, and are taken for what they truly are;
 * sums are kept that way already
 * @returns {ClassSums[] | null} one a class; null where the frame has neither
 */
export function sumsOf(frame, name, isNamed = false) {
  const matrix = frame[name],
    sums = frame[`${name}_sums`]
  if (sums) {
    const classes = sums.shape[1]
    return Array.from({ length: classes }, (_, c) => {
      const [right, own, other, worst, worstCount] = [0, 1, 2, 3, 4].map((k) => sums.data[k * classes + c])
      return { right, own, other, worst, worstCount }
    })
  }
  if (!matrix) return null
  const classes = matrix.shape[0]
  const down = (c) => matrix.data.subarray(c * classes, (c + 1) * classes),
    across = (c) => Array.from({ length: classes }, (_, t) => matrix.data[t * classes + c])
  return Array.from({ length: classes }, (_, c) => {
    const [own, other] = isNamed ? [across(c), down(c)] : [down(c), across(c)]
    const worst = own.reduce((best, n, p) => (p !== c && n > (own[best] ?? 0) ? p : best), -1)
    return {
      right: own[c],
      own: sum(own),
      other: sum(other),
      worst,
      worstCount: worst < 0 ? 0 : own[worst],
    }
  })
}

/**
 * The 20 classes with most errors, the first most, of all or of those whose names hold what is typed.
 * @param {ClassSums[]} rows
 * @param {string[]} classes names
 * @returns {{shown: number[], others: number}}
 */
export function mostConfused(rows, classes, typed = "") {
  const entries = rows
    .map(({ right, own, other }, index) => ({ index, text: classes[index], size: own + other - 2 * right }))
    .filter(({ size }) => size || typed.trim())
    .sort((a, b) => b.size - a.size || a.index - b.index)
  const { shown, others } = largest(entries, typed)
  return { shown: shown.map(({ index }) => index), others }
}

/** What the table of the most confused classes holds, in words. */
export function describeChoice({ shown, others }, classes, typed = "") {
  const all = grouped(classes.length)
  const part = typed.trim()
  if (part && !shown.length) return tr("No class is called so.")
  if (part)
    return others
      ? tr("Of {all} classes those whose names hold “{part}”: {count}, and {others} more.", {
          all,
          part,
          count: MOST,
          others: grouped(others),
        })
      : tr("Of {all} classes those whose names hold “{part}”.", { all, part })
  return shown.length
    ? tr("The {count} of {all} classes that are most often confused.", { count: shown.length, all })
    : tr("None of {all} classes is confused with another.", { all })
}

/** A box that finds classes by their names, hidden until there are more than a table shows. */
export function findBox(changed) {
  const box = el("input", {
    type: "search",
    class: "stage-input",
    placeholder: tr("Find a class"),
    "aria-label": tr("Find a class"),
    title: tr("Part of a name"),
    "data-testid": "find-confused",
    hidden: true,
    oninput: changed,
  })
  return box
}
