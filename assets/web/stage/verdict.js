// The lines over the panels: what the numbers at the cursor mean, in words.

import { el, fixed, percent, setText } from "../lib/dom.js"
import { lessonLink, outcomeOf } from "./lesson.js"
import { sayMixed } from "./mixed.js"
import { ofKnown } from "./pseudo.js"
import { createSigns } from "./signs.js"
import { ENDED } from "./store.js"
import { besideOf, compareProbe, leadOf, neighborsOf } from "./views.js"

/** Whether the autoencoder beats PCA with as many dimensions, as selfsup_core/evaluate/words/verdict.py says it. */
export function compareWithPca(mse, baseline, isEnded) {
  const ratio = mse / baseline.pca_mse
  if (ratio < 1 - baseline.verdict_margin) return ["better than PCA", "good"]
  if (ratio <= 1 + baseline.verdict_margin) return ["about as good as PCA", "even"]
  return [isEnded ? "worse than PCA" : "not yet better than PCA", isEnded ? "bad" : "even"]
}

/** The newest notice that the verdict beside it does not say already, or undefined. */
export const newestNotice = (state) =>
  (state.notices ?? []).filter((text) => !state.verdict?.text?.includes(text)).at(-1)

/**
 * The sentence above the panels and the facts beside it; `update` sets them for an epoch.
 * @param {import("./lesson.js").Explained} explained
 */
export function createVerdict(explained) {
  const part = (help) => el("span", { class: "stage-fact", title: help })
  const mse = part(
    "Mean squared error per value on validation samples, which the network has never trained on",
  )
  const pca = part(
    "The same error for principal component analysis with as many dimensions, fitted on training rows",
  )
  const word = el("strong", { class: "stage-word" })
  const rest = el("span", { class: "stage-rest" }) // of a verdict whose first sentence is the answer
  const why = el("span", { class: "stage-why" }) // the lesson that explains it
  const knn = part(
    "Share of validation samples that have the same class as most of their 5 nearest labeled neighbors in the latent space",
  )
  const probe = part(
    "Accuracy of a linear classifier on the code, fitted on labeled training samples and measured on validation samples",
  )
  const precision = part("")
  const rate = part("Training speed, without evaluation")
  const left = part("Estimated from the training so far")
  const line = el(
    "div",
    { class: "stage-verdict", "data-testid": "stage-verdict" },
    word,
    rest,
    why,
    mse,
    pca,
    knn,
    probe,
    precision,
    rate,
    left,
  )
  const signs = createSigns(explained)
  const root = el("div", { class: "stage-outcome" }, line, signs.root)

  function update(view) {
    const { state } = view
    if (!state) return
    updateTask(view)
    const outcome = outcomeOf(state, word.dataset.tone, word.textContent)
    if (why.dataset.outcome === (outcome ?? "")) return
    why.dataset.outcome = outcome ?? ""
    why.replaceChildren(...[lessonLink(explained, explained.verdicts[outcome])].filter(Boolean))
  }
  function updateTask(view) {
    const { state, row } = view
    if (state.task === "language") return updateLanguage(state, row)
    if (state.task === "pseudo") return updatePseudo(state, row)
    if (state.task === "views") return updateViews(state, row)
    if (state.task === "classify") return updateClassifier(state, row)
    const isEnded = ENDED.includes(state.status)
    const [input, items] = {
      table: ["columns", "rows"],
      text: ["words", "texts"],
      sound: ["spectrograms", "sounds"],
    }[state.kind] ?? ["pixels", "images"]
    const base = state.baseline
    setText(mse, typeof row?.val_mse === "number" ? `error on new samples ${fixed(row.val_mse, 4)}` : "")
    setText(
      pca,
      typeof base?.pca_mse === "number"
        ? `PCA with ${base.pca_components} values ${base.pca_mse < 1e-6 ? "0 (as many dimensions as columns)" : fixed(base.pca_mse, 4)}`
        : "",
    )
    const hasBoth = typeof base?.pca_mse === "number" && typeof row?.val_mse === "number"
    const raw = base?.raw_knn_accuracy
    const said = hasBoth ? compareWithPca(row.val_mse, base, isEnded && row.epoch === state.epoch) : ["", ""]
    ;[word.textContent, word.dataset.tone] = sayMixed(said, row?.knn_accuracy, raw, input)
    const beside = raw === null || raw === undefined ? "" : ` (raw ${input} ${percent(raw)})`
    setText(
      knn,
      row?.knn_accuracy === null || row?.knn_accuracy === undefined
        ? ""
        : `5 nearest neighbors ${percent(row.knn_accuracy)}${beside}`,
    )
    setText(
      probe,
      typeof row?.probe_accuracy === "number" ? `linear classifier ${percent(row.probe_accuracy)}` : "",
    )
    signs.draw(row?.signs ?? [])
    const speed = state.samples_per_second
    setText(rate, speed ? `${Math.round(speed).toLocaleString("en")} ${items}/s` : "")
    setText(
      left,
      isEnded
        ? endText(state)
        : state.seconds_left === null
          ? ""
          : `${formatSeconds(state.seconds_left)} left`,
    )
  }
  function updateLanguage(state, row) {
    const isEnded = ENDED.includes(state.status),
      pairs = state.baseline?.bigram_loss,
      loss = row?.val_loss
    const known = (value, text) => (typeof value === "number" ? text(value) : "")
    mse.title =
      "Mean of −ln P(token | text before), in nats, on validation text, which the network has never trained on"
    setText(
      mse,
      known(loss, (v) => `validation loss ${fixed(v, 3)} per token`),
    )
    pca.title = "The number of equally likely tokens that the model chooses among, on average"
    setText(
      pca,
      known(
        row?.val_token_perplexity,
        (v) => `perplexity ${v < 100 ? fixed(v, 2) : Math.round(v).toLocaleString("en")}`,
      ),
    )
    knn.title = "Comparable between models with different tokens"
    setText(
      knn,
      known(row?.val_bits_per_character, (v) => `${fixed(v, 3)} bits per character`),
    )
    probe.title = "Predicts each token from the one before it, by counts in the training text"
    setText(
      probe,
      known(pairs, (v) => `counting pairs of tokens (bigram baseline): ${fixed(v, 3)}`),
    )
    const hasBoth = typeof pairs === "number" && typeof loss === "number",
      isLast = isEnded && row?.epoch === state.epoch
    setText(
      word,
      !hasBoth
        ? ""
        : loss < pairs
          ? "better than counting pairs of tokens"
          : isLast
            ? "worse than counting pairs of tokens"
            : "not yet better than counting pairs of tokens",
    )
    word.dataset.tone = !hasBoth ? "" : loss < pairs ? "good" : isLast ? "bad" : "even"
    signs.draw(row?.signs ?? [])
    rate.title = "Training speed, without evaluation"
    setText(
      rate,
      state.samples_per_second
        ? `${Math.round(state.samples_per_second).toLocaleString("en")} windows/s`
        : "",
    )
    setText(
      left,
      isEnded
        ? endText(state)
        : state.seconds_left === null
          ? ""
          : `${formatSeconds(state.seconds_left)} left`,
    )
  }
  function updateClassifier(state, row) {
    const isEnded = ENDED.includes(state.status),
      isLast = isEnded && row?.epoch === state.epoch
    const base = state.baseline,
      found = row?.val_accuracy,
      beside = base?.logistic_accuracy ?? base?.majority_accuracy
    const known = (value, text) => (typeof value === "number" ? text(value) : "")
    const tested = isLast ? state.metrics?.test_accuracy : undefined
    mse.title = "Share of validation rows whose class is predicted correctly"
    setText(
      mse,
      known(found, (v) => `validation accuracy ${percent(v)}`),
    )
    pca.title = "Logistic regression on the same labels and features"
    setText(
      pca,
      known(base?.logistic_accuracy, (v) => `logistic regression ${percent(v)}`),
    )
    const ties = base?.majority_classes ?? 1,
      majority = ties === 1 ? "most frequent class" : `one of the ${ties} most frequent classes`
    knn.title =
      ties === 1
        ? "Always predicting the class that is most frequent among the labels"
        : "Always predicting one class; several are equally frequent among the labels, and this is their mean"
    setText(
      knn,
      known(base?.majority_accuracy, (v) => `${majority} ${percent(v)}`),
    )
    probe.title = `Measured once, at the end, with the ${state.best ? "best" : "last"} epoch's weights`
    setText(
      probe,
      known(
        tested,
        (v) => `test accuracy ${percent(v)} on ${state.metrics.test_rows.toLocaleString("en")} rows`,
      ),
    )
    setText(precision, "")
    const hasBoth = typeof found === "number" && typeof beside === "number"
    const name =
      typeof base?.logistic_accuracy === "number"
        ? "logistic regression"
        : ties === 1
          ? "the most frequent class"
          : majority
    const tone = !hasBoth
      ? ""
      : found > beside + 0.01
        ? "good"
        : found >= beside - 0.01
          ? "even"
          : isLast
            ? "bad"
            : "even"
    setText(
      word,
      !hasBoth
        ? ""
        : found > beside + 0.01
          ? `better than ${name}`
          : found >= beside - 0.01
            ? `about as good as ${name}`
            : isLast
              ? `worse than ${name}`
              : `not yet as good as ${name}`,
    )
    word.dataset.tone = tone
    signs.draw(row?.signs ?? [])
    rate.title = "Training speed, without evaluation"
    setText(
      rate,
      state.samples_per_second ? `${Math.round(state.samples_per_second).toLocaleString("en")} rows/s` : "",
    )
    setText(
      left,
      isEnded
        ? endText(state)
        : state.seconds_left === null
          ? ""
          : `${formatSeconds(state.seconds_left)} left`,
    )
  }
  function updateViews(state, row) {
    const isEnded = ENDED.includes(state.status),
      isLast = isEnded && row?.epoch === state.epoch,
      isSaid = isLast && state.verdict // with the probe and what it is compared with
    const known = (value, text) => (typeof value === "number" ? text(value) : "")
    const probed = besideOf(state.baseline, "probe_accuracy").map(([name, v]) => `${name} ${percent(v)}`)
    mse.title = "Accuracy of a linear classifier on the code (linear probe), on validation samples"
    setText(mse, isSaid ? "" : known(row?.probe_accuracy, (v) => `linear classifier ${percent(v)}`))
    pca.title = "The same classifier on what needs no training"
    setText(pca, isSaid ? "" : probed.join(", "))
    setText(
      knn,
      known(row?.knn_accuracy, (v) => `${neighborsOf(state)} nearest neighbors ${percent(v)}`),
    )
    probe.title =
      "RankMe: how many directions of the code h, which is what is used later, differ. A collapse is seen in the embedding z, which only the objective sees"
    setText(
      probe,
      known(row?.rankme, (v) => `effective rank of the code h ${fixed(v, 1)} of ${state.code_size}`),
    )
    precision.title = "The same network, trained on the classifier's labels alone, as far as it has come"
    setText(precision, isSaid ? "" : known(row?.twin_probe_accuracy, (v) => `supervised twin ${percent(v)}`))
    const [text, tone] = compareProbe(row, state.baseline, isLast)
    const [lead, numbers] = isLast ? leadOf(state.verdict?.text ?? "") : [text, ""]
    setText(word, lead)
    setText(rest, numbers)
    word.dataset.tone = isLast ? ({ helped: "good", hurt: "bad" }[state.verdict?.outcome] ?? "even") : tone
    signs.draw(row?.signs ?? [])
    setText(
      rate,
      known(state.samples_per_second || null, (v) => `${Math.round(v).toLocaleString("en")} rows/s`),
    )
    setText(left, isEnded ? endText(state) : known(state.seconds_left, (v) => `${formatSeconds(v)} left`))
  }
  function updatePseudo(state, row) {
    const isEnded = ENDED.includes(state.status),
      isLast = isEnded && row?.epoch === state.epoch
    const facts = [
      [
        mse,
        "accuracy",
        "student",
        "Accuracy on test rows of the network that learns from true labels and pseudo-labels",
      ],
      [pca, "twin_accuracy", "given labels only (twin)", "The same network and steps, no pseudo-labels"],
      [knn, "ceiling_accuracy", "ceiling", "The same network with all true labels; for comparison only"],
      [probe, "coverage", "pseudo-labels kept", "Share of the unlabeled rows that got a pseudo-label"],
      [
        precision,
        "pseudo_precision",
        "of these correct",
        "Share of the kept labels that are correct, among those whose true class is known; shown with “Show the true classes”",
      ],
    ]
    for (const [node, key, name, help] of facts) {
      node.title = help
      const known = key === "pseudo_precision" ? ofKnown(row?.kept_known, row?.kept_rows) : ""
      setText(node, typeof row?.[key] === "number" ? `${name} ${percent(row[key])}${known}` : "")
    }
    setText(word, isLast ? (state.verdict?.text ?? "") : "")
    word.dataset.tone = { helped: "good", hurt: "bad" }[state.verdict?.outcome] ?? "even"
    signs.draw(row?.signs ?? [])
    setText(rate, "")
    setText(
      left,
      isEnded
        ? endText(state)
        : state.seconds_left === null
          ? ""
          : `${formatSeconds(state.seconds_left)} left`,
    )
  }
  return { root, update }
}

/** What a run took: "42 s of training". */
export function endText(state) {
  const took = `${state.seconds < 1 ? "under 1 s" : formatSeconds(state.seconds)} of training`
  return state.stop_reason && state.status === "finished" && state.stop_reason.includes("early")
    ? `${took}, ${state.stop_reason}`
    : took
}

/** 42 s, 3 min, 1.5 h. @param {number} seconds */
export function formatSeconds(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
