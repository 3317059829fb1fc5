// The oracle: whether true classes of unlabeled rows may be seen. While it is off, what the panels are given does not hold
// them at all, so that no panel, tooltip or text can show them.

const HIDDEN_TERMS = [
  "pseudo_precision",
  "kept_known",
  "kept_right",
  "kept_asked",
  "kept_bleu",
  "kept_found",
  "kept_word_error_rate",
]
const HIDDEN_ARRAYS = [
  "kept_confusion",
  "kept_confusion_sums",
  "mistakes_rows",
  "mistakes_label",
  "mistakes_truth",
  "mistakes_confidence",
  "mistakes_values",
  "unsure_truth",
  "sample_loss",
]
const HIDDEN_WORDS = ["mistakes_texts", "mistakes_values", "said_with_truth"]

const TRUE = "true_" // begins the names of a scenario's arrays and words that hold hidden answers

/** Takes true classes out of rows, frames and static data while the switch is off. */
export class Oracle {
  /** @param {string} run what the switch is remembered for, as long as the browser's tab lives */
  constructor(run, changed) {
    this.key = `studio-oracle-${run}`
    this.changed = changed
    this.isOn = false
    try {
      this.isOn = sessionStorage.getItem(this.key) === "on"
    } catch {
      /* private windows */
    }
    this.frames = new WeakMap()
    this.statics = new WeakMap()
    this.rows = new WeakMap()
  }

  set(isOn) {
    this.isOn = isOn
    try {
      sessionStorage.setItem(this.key, isOn ? "on" : "off")
    } catch {
      /* private windows */
    }
    this.changed()
  }

  /** The view that panels are given; `oracle` says whether truth is in it, and whether there is any. */
  veil(view) {
    const isKnown = Boolean(
      view.frame?.mix?.data.slice(0, view.frame.mix.shape[1]).some((count) => count > 0) ||
        [view.frame, view.frame?.words].some((held) =>
          Object.keys(held ?? {}).some((name) => name.startsWith(TRUE)),
        ),
    )
    if (this.isOn) return { ...view, oracle: { isOn: isKnown, isKnown } }
    return {
      ...view,
      oracle: { isOn: false, isKnown },
      frame: once(this.frames, view.frame, veilFrame),
      statics: once(this.statics, view.statics, veilStatics),
      rows: this.veilRows(view.rows),
      epochRows: this.veilRows(view.epochRows),
      row: view.row && veilRow(view.row),
      state: view.state && { ...view.state, metrics: view.state.metrics && veilRow(view.state.metrics) },
    }
  }

  // Rows are added to the same list, so its length belongs to the key.
  veilRows(rows) {
    if (!rows) return rows
    const kept = this.rows.get(rows)
    if (kept?.length === rows.length) return kept
    const veiled = rows.map(veilRow)
    this.rows.set(rows, veiled)
    return veiled
  }
}

function once(cache, value, make) {
  if (!value) return value
  if (!cache.has(value)) cache.set(value, make(value))
  return cache.get(value)
}

const without = (object, names) =>
  Object.fromEntries(
    Object.entries(object).filter(([name]) => !names.includes(name) && !name.startsWith(TRUE)),
  )

const veilRow = (row) => (HIDDEN_TERMS.some((name) => name in row) ? without(row, HIDDEN_TERMS) : row)

function veilFrame(frame) {
  const veiled = without(frame, HIDDEN_ARRAYS)
  veiled.words = frame.words && without(frame.words, HIDDEN_WORDS)
  if (frame.mix) {
    const data = frame.mix.data.slice()
    data.fill(0, 0, frame.mix.shape[1])
    veiled.mix = { shape: frame.mix.shape, data }
  }
  if (frame.histogram) {
    // Right, wrong and unknown become one count.
    const data = new Int32Array(frame.histogram.data.length)
    for (let i = 0; i < data.length; i += 3)
      data[i + 2] = frame.histogram.data[i] + frame.histogram.data[i + 1] + frame.histogram.data[i + 2]
    veiled.histogram = { shape: frame.histogram.shape, data }
  }
  return veiled
}

/** Only given labels are left. */
function veilStatics(statics) {
  if (!statics.labeled) return statics
  const data = statics.labels.data.map((label, i) => (statics.labeled.data[i] ? label : -1))
  return { ...without(statics, ["tile_labels"]), labels: { shape: statics.labels.shape, data } }
}
