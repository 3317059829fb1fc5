// The card of a sample on the map: its picture or text, its class, its error, and where it is from.

import { el, fixed, pictureOf } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { visible } from "./glyphs.js"

/**
 * What the card of a sample shows.
 * @param {object} view what a panel is given
 * @param {number} i
 * @param {{thumbnails: ?object, lines: ?Node[], isSeen: boolean, hasLooks: boolean}} more lines: of a task with its own
 * looks; isSeen: whether the sample was measured at this step
 */
export function cardOf({ statics, frame }, i, { thumbnails, lines, isSeen, hasLooks }) {
  const label = statics.labels.data[i]
  const parts = []
  if (thumbnails && statics.shape.length > 1) {
    const picture = pictureOf(thumbnails.data, i, statics.shape)
    picture.className = "stage-big"
    parts.push(picture)
  }
  if (!hasLooks && label >= 0 && statics.classes.length) parts.push(el("strong", {}, statics.classes[label]))
  if (statics.texts) parts.push(el("p", { class: "stage-snippet" }, statics.texts[i]))
  if (statics.glyphs) {
    const loss = frame.sample_loss.data[i]
    const known = tr("loss {loss} on average in the validation text", { loss: fixed(loss, 2) })
    parts.unshift(el("strong", {}, `“${visible(statics.glyphs[i])}”`))
    parts.push(el("div", {}, Number.isFinite(loss) ? known : tr("not in the validation text")))
  } else if (!isSeen) parts.push(el("div", { class: "stage-muted" }, tr("not measured at this step")))
  else if (lines) parts.push(...lines)
  else {
    // Of views, the loss is of pairs, so a sample has none.
    if (frame.sample_loss)
      parts.push(el("div", {}, sayError(fixed(frame.sample_loss.data[i], 4), Boolean(frame.predicted))))
    parts.push(el("div", { class: "stage-muted" }, sayPlace(statics, i)))
  }
  return parts
}

const sayError = (value, isLoss) =>
  isLoss ? tr("loss {value}", { value }) : tr("MSE {error}", { error: value })

function sayPlace({ rows, splits }, i) {
  const row = rows.data[i]
  return splits.data[i] ? tr("row {row}, validation", { row }) : tr("row {row}, training", { row })
}
