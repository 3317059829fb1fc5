// Facts beside the verdict, in words: speeds, times, errors and accuracies with their units.

import { fixed, grouped, percent, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { ENDED } from "./store.js"

const sayLeft = (seconds) => tr("{time} left", { time: formatSeconds(seconds) })

export function sayInput(kind) {
  if (kind === "table") return tr("columns")
  if (kind === "text") return tr("words")
  return kind === "sound" ? tr("spectrograms") : tr("pixels")
}

export function sayRate(kind, speed) {
  const count = grouped(Math.round(speed))
  if (kind === "table") return tr("{count} rows/s", { count })
  if (kind === "text") return tr("{count} texts/s", { count })
  return kind === "sound" ? tr("{count} sounds/s", { count }) : tr("{count} images/s", { count })
}

/** Whether the code is so large that PCA copies the input, as selfsup_core/evaluate/words/verdict.py says it. */
export const hasRoomForCopy = (base) => typeof base?.pca_mse === "number" && base.pca_mse < 1e-6

export function sayPca(base) {
  const { pca_components: count, pca_mse: mse } = base
  if (hasRoomForCopy(base)) return tr("PCA with {count} values 0, a perfect copy", { count })
  return tr("PCA with {count} values {error}", { count, error: fixed(mse, 4) })
}

export function sayNeighbors(accuracy, raw, input) {
  const share = percent(accuracy)
  if (raw === null || raw === undefined) return tr("{count} nearest neighbors {share}", { count: 5, share })
  return tr("{count} nearest neighbors {share} (raw {input} {raw})", {
    count: 5,
    share,
    input,
    raw: percent(raw),
  })
}

/** Of a linear classifier on the code, and of the same on the raw input. */
export function sayProbe(accuracy, raw, input) {
  const share = percent(accuracy)
  if (raw === null || raw === undefined) return tr("linear classifier {share}", { share })
  return tr("linear classifier {share} (raw {input} {raw})", { share, input, raw: percent(raw) })
}

/** What a run took: "42 s of training". */
export function endText(state) {
  const time =
    state.seconds < 1 ? tr("under {time}", { time: formatSeconds(1) }) : formatSeconds(state.seconds)
  const took = tr("{time} of training", { time })
  const early = state.status === "finished" ? sayEarly(state.stop_reason) : ""
  return early ? `${took}, ${early}` : took
}

/** Time left while a run trains, which is estimated, and afterwards how long it took. @param {HTMLElement} node */
export function showTime(node, state) {
  const isLeft = !ENDED.includes(state.status) && typeof state.seconds_left === "number"
  node.title = isLeft ? tr("Estimated from the training so far") : ""
  setText(node, ENDED.includes(state.status) ? endText(state) : isLeft ? sayLeft(state.seconds_left) : "")
}

/** 42 s, 3 min, 1.5 h. @param {number} seconds */
export function formatSeconds(seconds) {
  if (seconds < 90) return tr("{count} s", { count: Math.max(0, Math.round(seconds)) })
  if (seconds < 5400) return tr("{count} min", { count: Math.round(seconds / 60) })
  return tr("{count} h", { count: fixed(seconds / 3600, 1) })
}

/** Why a run ended before its last epoch, as it is recorded in English. */
function sayEarly(reason) {
  const found = /^no better validation loss for (\d+) epochs \(early stopping\)$/.exec(reason ?? "")
  if (found)
    return tr("no better validation loss for {patience} epochs (early stopping)", { patience: found[1] })
  return reason?.includes("early") ? reason : ""
}

/** What a run was computed from; "" of one that an earlier version has made. */
export function sayIdentity(identity) {
  if (!identity) return ""
  const [settings, code, data] = ["spec", "code", "data"].map((name) => identity[name].slice(0, 12))
  const versions = Object.entries(identity.versions)
    .map(([name, value]) => (name === "machine" ? value : `${name} ${value}`))
    .join(", ")
  return tr("Digests: settings {settings}, code {code}, data {data}. Versions: {versions}.", {
    settings,
    code,
    data,
    versions,
  })
}
