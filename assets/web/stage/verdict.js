// The lines over the panels: what the numbers at the cursor mean, in words.

import { el, fixed, grouped, percent, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { distancesAt, judgeDistance } from "./distances.js"
import { sayInput, sayNeighbors, sayPca, sayProbe, sayRate, showTime } from "./facts.js"
import { lessonLink, outcomeOf } from "./lesson.js"
import { compareWithPca, sayMixed } from "./mixed.js"
import { ofKnown } from "./pseudo.js"
import { isScenario, sayScenario } from "./scenarios.js"
import { createSigns } from "./signs.js"
import { ENDED } from "./store.js"
import { besideOf, compareProbe, leadOf, neighborsOf } from "./views.js"

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
    tr("Mean squared error per value on validation samples, which the network has never trained on"),
  )
  const pca = part(
    tr("The same error for principal component analysis with as many dimensions, fitted on training rows"),
  )
  const word = el("strong", { class: "stage-word" })
  const rest = el("span", { class: "stage-rest" }) // of a verdict whose first sentence is the answer
  const why = el("span", { class: "stage-why" }) // the lesson that explains it
  const knn = part(
    tr(
      "Share of validation samples that have the same class as most of their 5 nearest labeled neighbors in the latent space",
    ),
  )
  const probe = part(
    tr(
      "Accuracy of a linear classifier on the code, fitted on labeled training samples and measured on validation samples",
    ),
  )
  const precision = part("")
  const rate = part(tr("Training speed, without evaluation"))
  const left = part("")
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
    if (isScenario(state.task)) {
      signs.draw(row?.signs ?? [])
      return sayScenario([mse, pca, knn, probe, precision], { word, rate, left }, state, row)
    }
    if (state.task === "generate") return updateGenerator(state, row)
    if (state.task === "classify") return updateClassifier(state, row)
    const isEnded = ENDED.includes(state.status)
    const input = sayInput(state.kind)
    const base = state.baseline
    setText(
      mse,
      typeof row?.val_mse === "number"
        ? tr("error on new samples {error}", { error: fixed(row.val_mse, 4) })
        : "",
    )
    setText(pca, typeof base?.pca_mse === "number" ? sayPca(base) : "")
    const hasBoth = typeof base?.pca_mse === "number" && typeof row?.val_mse === "number"
    const raw = base?.raw_knn_accuracy
    const said = hasBoth ? compareWithPca(row.val_mse, base, isEnded && row.epoch === state.epoch) : ["", ""]
    ;[word.textContent, word.dataset.tone] = sayMixed(said, row?.knn_accuracy, raw, input)
    setText(
      knn,
      row?.knn_accuracy === null || row?.knn_accuracy === undefined
        ? ""
        : sayNeighbors(row.knn_accuracy, raw, input),
    )
    setText(
      probe,
      typeof row?.probe_accuracy === "number"
        ? sayProbe(row.probe_accuracy, base?.raw_probe_accuracy, input)
        : "",
    )
    signs.draw(row?.signs ?? [])
    const speed = state.samples_per_second
    setText(rate, speed ? sayRate(state.kind, speed) : "")
    showTime(left, state)
  }
  function updateLanguage(state, row) {
    const isEnded = ENDED.includes(state.status),
      pairs = state.baseline?.bigram_loss,
      loss = row?.val_loss
    const known = (value, text) => (typeof value === "number" ? text(value) : "")
    mse.title = tr(
      "Mean of −ln P(token | text before), in nats, on validation text, which the network has never trained on",
    )
    setText(
      mse,
      known(loss, (v) => tr("validation loss {loss} per token", { loss: fixed(v, 3) })),
    )
    pca.title = tr("The number of equally likely tokens that the model chooses among, on average")
    setText(
      pca,
      known(row?.val_token_perplexity, (v) =>
        tr("perplexity {value}", { value: v < 100 ? fixed(v, 2) : grouped(Math.round(v)) }),
      ),
    )
    knn.title = tr("Comparable between models with different tokens")
    setText(
      knn,
      known(row?.val_bits_per_character, (v) => tr("{count} bits per character", { count: fixed(v, 3) })),
    )
    probe.title = tr("Predicts each token from the one before it, by counts in the training text")
    setText(
      probe,
      known(pairs, (v) => tr("counting pairs of tokens (bigram baseline): {loss}", { loss: fixed(v, 3) })),
    )
    const hasBoth = typeof pairs === "number" && typeof loss === "number",
      isLast = isEnded && row?.epoch === state.epoch
    setText(
      word,
      !hasBoth
        ? ""
        : loss < pairs
          ? tr("better than counting pairs of tokens")
          : isLast
            ? tr("worse than counting pairs of tokens")
            : tr("not yet better than counting pairs of tokens"),
    )
    word.dataset.tone = !hasBoth ? "" : loss < pairs ? "good" : isLast ? "bad" : "even"
    signs.draw(row?.signs ?? [])
    rate.title = tr("Training speed, without evaluation")
    setText(
      rate,
      state.samples_per_second
        ? tr("{count} windows/s", { count: grouped(Math.round(state.samples_per_second)) })
        : "",
    )
    showTime(left, state)
  }
  function updateClassifier(state, row) {
    const isEnded = ENDED.includes(state.status),
      isLast = isEnded && row?.epoch === state.epoch
    const base = state.baseline,
      found = row?.val_accuracy,
      beside = base?.logistic_accuracy ?? base?.majority_accuracy
    const known = (value, text) => (typeof value === "number" ? text(value) : "")
    const tested = isLast ? state.metrics?.test_accuracy : undefined
    mse.title = tr("Share of validation rows whose class is predicted correctly")
    setText(
      mse,
      known(found, (v) => tr("validation accuracy {share}", { share: percent(v) })),
    )
    pca.title = tr("Logistic regression on the same labels and features")
    setText(
      pca,
      known(base?.logistic_accuracy, (v) => tr("logistic regression {share}", { share: percent(v) })),
    )
    const ties = base?.majority_classes ?? 1,
      majority =
        ties === 1
          ? tr("most frequent class")
          : tr("one of the {count} most frequent classes", { count: ties })
    knn.title =
      ties === 1
        ? tr("Always predicting the class that is most frequent among the labels")
        : tr(
            "Always predicting one class; several are equally frequent among the labels, and this is their mean",
          )
    setText(
      knn,
      known(base?.majority_accuracy, (v) => `${majority} ${percent(v)}`),
    )
    probe.title = state.best
      ? tr("Measured once, at the end, with the best epoch's weights")
      : tr("Measured once, at the end, with the last epoch's weights")
    setText(
      probe,
      known(tested, (v) =>
        tr("test accuracy {share} on {count} rows", {
          share: percent(v),
          count: grouped(state.metrics.test_rows),
        }),
      ),
    )
    setText(precision, "")
    const hasBoth = typeof found === "number" && typeof beside === "number"
    const name =
      typeof base?.logistic_accuracy === "number"
        ? tr("logistic regression")
        : ties === 1
          ? tr("the most frequent class")
          : majority
    // The simpler means are not measured on test rows: an accuracy there that is below theirs is no praise.
    const isDoubted = typeof tested === "number" && tested < beside
    const tone = !hasBoth
      ? ""
      : found > beside + 0.01
        ? isDoubted
          ? "even"
          : "good"
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
          ? tr("better than {name} on validation rows", { name })
          : found >= beside - 0.01
            ? tr("about as good as {name} on validation rows", { name })
            : isLast
              ? tr("worse than {name} on validation rows", { name })
              : tr("not yet as good as {name} on validation rows", { name }),
    )
    word.dataset.tone = tone
    signs.draw(row?.signs ?? [])
    rate.title = tr("Training speed, without evaluation")
    setText(rate, state.samples_per_second ? sayRate("table", state.samples_per_second) : "")
    showTime(left, state)
  }
  function updateViews(state, row) {
    const isEnded = ENDED.includes(state.status),
      isLast = isEnded && row?.epoch === state.epoch,
      isSaid = isLast && state.verdict // with the probe and what it is compared with
    const known = (value, text) => (typeof value === "number" ? text(value) : "")
    const probed = besideOf(state.baseline, "probe_accuracy").map(([name, v]) => `${name} ${percent(v)}`)
    mse.title = tr("Accuracy of a linear classifier on the code (linear probe), on validation samples")
    setText(
      mse,
      isSaid ? "" : known(row?.probe_accuracy, (v) => tr("linear classifier {share}", { share: percent(v) })),
    )
    pca.title = tr("The same classifier on what needs no training")
    setText(pca, isSaid ? "" : probed.join(", "))
    setText(
      knn,
      known(row?.knn_accuracy, (v) =>
        tr("{count} nearest neighbors {share}", { count: neighborsOf(state), share: percent(v) }),
      ),
    )
    probe.title = tr(
      "RankMe: how many directions of the code h, which is what is used later, differ. A collapse is seen in the embedding z, which only the objective sees",
    )
    setText(
      probe,
      known(row?.rankme, (v) =>
        tr("effective rank of the code h {rank} of {size}", { rank: fixed(v, 1), size: state.code_size }),
      ),
    )
    precision.title = tr("The same network, trained on the classifier's labels alone, as far as it has come")
    setText(
      precision,
      isSaid
        ? ""
        : known(row?.twin_probe_accuracy, (v) => tr("supervised twin {share}", { share: percent(v) })),
    )
    const [text, tone] = compareProbe(row, state.baseline, isLast)
    const [lead, numbers] = isLast ? leadOf(state.verdict?.text ?? "") : [text, ""]
    setText(word, lead)
    setText(rest, numbers)
    word.dataset.tone = isLast ? ({ helped: "good", hurt: "bad" }[state.verdict?.outcome] ?? "even") : tone
    signs.draw(row?.signs ?? [])
    setText(
      rate,
      known(state.samples_per_second || null, (v) => sayRate("table", v)),
    )
    showTime(left, state)
  }
  function updateGenerator(state, row) {
    const isEnded = ENDED.includes(state.status),
      isLast = isEnded && row?.epoch === state.epoch
    const known = (value, text) => (typeof value === "number" ? text(fixed(value, 2)) : "")
    const found = isLast ? (state.metrics?.frechet ?? row?.val_frechet) : row?.val_frechet
    const [real, vae, vq] = distancesAt(state, isLast)
    mse.title = tr(
      "Fréchet distance of what is drawn to real images, in the features of a classifier trained here",
    )
    setText(
      mse,
      known(found, (distance) => tr("distance {distance}", { distance })),
    )
    pca.title = tr("The distance of as many real training images: as low as it can be")
    setText(
      pca,
      known(real, (distance) => tr("real images {distance}", { distance })),
    )
    knn.title = tr("The distance of images that a VAE of the same data draws")
    setText(
      knn,
      known(vae, (distance) => tr("VAE {distance}", { distance })),
    )
    probe.title = tr("The distance of images that a vector-quantized autoencoder of the same data draws")
    setText(
      probe,
      known(vq, (distance) => tr("VQ {distance}", { distance })),
    )
    precision.title = tr("Median distance to the nearest training image; 1 is that of real new images")
    setText(
      precision,
      known(row?.novelty, (share) => tr("{share}× as far from training images as new ones", { share })),
    )
    const [text, tone] = judgeDistance(found, vae)
    setText(word, text)
    word.dataset.tone = tone
    signs.draw(row?.signs ?? [])
    setText(rate, state.samples_per_second ? sayRate(state.kind, state.samples_per_second) : "")
    showTime(left, state)
  }
  function updatePseudo(state, row) {
    const isEnded = ENDED.includes(state.status),
      isLast = isEnded && row?.epoch === state.epoch
    const facts = [
      [
        mse,
        "accuracy",
        tr("student"),
        tr("Accuracy on test rows of the network that learns from true labels and pseudo-labels"),
      ],
      [
        pca,
        "twin_accuracy",
        tr("given labels only (twin)"),
        tr("The same network and steps, no pseudo-labels"),
      ],
      [
        knn,
        "ceiling_accuracy",
        tr("ceiling"),
        tr("The same network with all true labels; for comparison only"),
      ],
      [
        probe,
        "coverage",
        tr("pseudo-labels kept"),
        tr("Share of the unlabeled rows that got a pseudo-label"),
      ],
      [
        precision,
        "pseudo_precision",
        tr("of these correct"),
        tr(
          "Share of the kept labels that are correct, among those whose true class is known; shown with “Show the true classes”",
        ),
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
    showTime(left, state)
  }
  return { root, update }
}
