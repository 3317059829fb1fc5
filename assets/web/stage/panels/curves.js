// Curves over epochs: which metrics there are, what they are called, and what Plotly is given of one.

import { COLORS } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { besideOf, neighborsOf } from "../views.js"

const NOT_METRICS = new Set([
  "kind",
  "step",
  "epoch",
  "seconds",
  "samples_per_second",
  "train_loss",
  "val_loss",
  "twin_probe_accuracy", // beside the probe's
  "twin_trained",
])
const labelsOf = () => ({
  loss: tr("Loss"),
  val_mse: tr("Error on validation samples (MSE)"),
  probe_accuracy: tr("Linear classifier on the code"),
  auroc: tr("AUROC of the class left out"),
  dead_units: tr("Share of constant code units"),
  saturated: tr("Share of saturated outputs"),
  token_perplexity: tr("Perplexity"),
  bits_per_character: tr("Bits per character"),
  learning_rate: tr("Learning rate"),
  accuracy: tr("Accuracy"),
  macro_f1: tr("Macro-F1"),
  map50: "mAP@.5",
  twin_map50: tr("mAP@.5 of the twin"),
  map50_95: "mAP@[.5:.95]",
  twin_map50_95: tr("mAP@[.5:.95] of the twin"),
  heat_loss: tr("Loss of the heat maps"),
  offset_loss: tr("Loss of the offsets"),
  size_loss: tr("Loss of the sizes"),
  kept_boxes: tr("Boxes kept"),
  bleu: "BLEU",
  twin_bleu: tr("BLEU of the twin"),
  chrf: "chrF",
  twin_chrf: tr("chrF of the twin"),
  word_error_rate: tr("Word error rate"),
  twin_word_error_rate: tr("Word error rate of the twin"),
  letter_error_rate: tr("Letter error rate"),
  twin_letter_error_rate: tr("Letter error rate of the twin"),
  kept_word_error_rate: tr("Word error rate of what is kept"),
  kept_asked: tr("Share of the kept that people asked for too"),
  exact_match: tr("Exact match"),
  twin_exact_match: tr("Exact match of the twin"),
  f1: "F1",
  twin_f1: tr("F1 of the twin"),
  kept_right: tr("Share of the kept that are right"),
  twin_loss: tr("Loss of the twin"),
  helper_loss: tr("Loss of the helper"),
  kept_share: tr("Share of proposals kept"),
  kept_rows: tr("Proposals kept"),
  choice_loss: tr("Loss of the labels set aside"),
  choice_accuracy: tr("Accuracy of the labels set aside"),
  kept_drift: tr("Drift of the kept class shares"),
  ece: tr("Expected calibration error"),
  largest_share: tr("Share of the most predicted class"),
  largest_true_share: tr("Share of the most frequent true class"),
  reconstruction: tr("Reconstruction term"),
  kl: tr("KL divergence from the prior"),
  kl_weight: tr("Weight of the KL"),
  negative_elbo: tr("Negative ELBO per sample"),
  sparsity: tr("Sparsity term"),
  contraction: tr("Contraction term"),
  commitment: tr("Commitment term"),
  perplexity: tr("Codebook perplexity"),
  active_dimensions: tr("Active code dimensions"),
  active_share: tr("Share of active code units"),
  used_codes: tr("Share of the codebook in use"),
  agreement: tr("Mean cosine of two views"),
  invariance: tr("Invariance term"),
  redundancy: tr("Redundancy term"),
  variance: tr("Variance term"),
  covariance: tr("Covariance term"),
  gaussian: tr("Distance from a Gaussian (SIGReg)"),
  entropy: tr("Entropy of the teacher's choice"),
  divergence: tr("KL divergence of the student from the teacher"),
  alignment: tr("Alignment of two views"),
  uniformity: tr("Uniformity on the sphere"),
  spread: tr("Spread of the embeddings z (1 on an even sphere)"),
  deviation: tr("Standard deviation of the embeddings z"),
  rankme: tr("Effective rank of the code h (RankMe)"),
  projector_rank: tr("Effective rank of the embeddings z"),
  frechet: tr("Fréchet distance to real images"),
  novelty: tr("Distance from training images (1: as new images)"),
  lidar: tr("LiDAR"),
  alpha: tr("Decay of the spectrum (α-ReQ)"),
  variance_gap: tr("Lack of variance (VICReg)"),
  covariance_sum: tr("Covariance of dimensions (VICReg)"),
})
// Measured on validation rows alone and said so in their names.
const WHOLE = new Set(["val_mse"])

/** train_kl and val_kl are curves of one choice, "kl". */
const termOf = (name) => (WHOLE.has(name) ? name : name.replace(/^(train|val)_/, ""))

/** The metrics of a row that can be drawn, each once: train_kl and val_kl are one. */
export function metricsOf(row) {
  const names = Object.keys(row).filter((name) => !NOT_METRICS.has(name) && typeof row[name] === "number")
  return [...new Set(names.map(termOf))]
}

/** What a metric is called; how many neighbors are asked depends on the run's task. */
export const titleOf = (metric, state) =>
  metric === "knn_accuracy"
    ? tr("{count} nearest neighbors in the code", { count: neighborsOf(state) })
    : (labelsOf()[metric] ?? metric.replaceAll("_", " "))

function line(rows, name, key, color, extra = {}) {
  const points = rows.filter((row) => row[key] !== null && row[key] !== undefined)
  return {
    x: points.map((row) => row.epoch),
    y: points.map((row) => row[key]),
    name,
    mode: points.length > 1 ? "lines" : "markers", // epoch 0 alone is a dot
    type: "scatter",
    line: { color, width: 2 },
    marker: { color, size: 8 },
    hovertemplate: "%{y:.4f}",
    ...extra,
  }
}

const sayBest = ({ epoch }) => tr("best epoch {epoch}", { epoch })

const DASHES = ["dash", "dot", "dashdot"]

/** A line at a value that does not change over the epochs. */
function standing(view, name, value, dash) {
  return {
    x: [0, view.state.epochs],
    y: [value, value],
    name,
    mode: "lines",
    line: { color: view.theme.muted, dash, width: 1.5 },
    hovertemplate: "%{y:.4f}",
  }
}

/** What a generator's Fréchet distance is compared with: real images, and those that autoencoders draw. */
export const distancesOf = (base) => [
  [tr("real training images"), base?.floor_frechet],
  [tr("VAE"), base?.vae_frechet],
  [tr("VQ autoencoder"), base?.vq_frechet],
]

/**
 * The curves of a metric, for Plotly.
 * @param {object} view what a panel is given
 * @param {string} metric "loss", or a name without "train_" and "val_"
 */
export function tracesOf(view, metric) {
  const [train, validation] = [COLORS[5], COLORS[3]]
  const looked = [...view.epochRows, ...view.earlyRows].sort((a, b) => a.epoch - b.epoch)
  if (metric !== "loss") {
    // A term of the loss has two curves, as the loss has; a measure of validation rows has one.
    const of = (key, name, color, extra) =>
      looked.some((row) => typeof row[key] === "number") ? [line(looked, name, key, color, extra)] : []
    const traces = [
      ...of(`train_${metric}`, tr("training"), train),
      ...of(`val_${metric}`, tr("validation"), validation, {
        line: { color: validation, width: 2, dash: "dash" },
      }),
      ...of(metric, titleOf(metric, view.state), validation),
      ...(metric === "probe_accuracy"
        ? of("twin_probe_accuracy", tr("supervised twin"), COLORS[0], {
            line: { color: COLORS[0], width: 2, dash: "dash" },
          })
        : []),
    ]
    const base = view.state.baseline
    const references = {
      val_mse: [[tr("PCA with {count} values", { count: base?.pca_components }), base?.pca_mse]],
      knn_accuracy: besideOf(base, "knn_accuracy"),
      probe_accuracy: besideOf(base, "probe_accuracy"),
      bits_per_character: [[tr("counting pairs of tokens (bigram)"), base?.bigram_bits]],
      accuracy: [[tr("logistic regression"), base?.logistic_accuracy]],
      macro_f1: [[tr("logistic regression"), base?.logistic_macro_f1]],
      rankme: [[tr("untrained network"), base?.untrained_rankme]],
      frechet: distancesOf(base),
    }[metric]
    const known = (references ?? []).filter(([, value]) => typeof value === "number")
    return [...traces, ...known.map(([name, value], i) => standing(view, name, value, DASHES[i]))]
  }
  const steps = view.rows.filter((row) => row.kind === "step")
  const result = [
    line(steps, tr("training, within the epoch"), "train_loss", train, {
      line: { color: train, width: 1 },
      opacity: 0.45,
      showlegend: false,
      hoverinfo: "skip",
      hovertemplate: undefined,
    }),
    line(looked, tr("training"), "train_loss", train),
    line(looked, tr("validation"), "val_loss", validation, {
      line: { color: validation, width: 2, dash: "dash" },
    }),
  ]
  const pairs = view.state.baseline?.bigram_loss
  if (typeof pairs === "number") {
    result.push(standing(view, tr("counting pairs of tokens (bigram)"), pairs, "dot"))
  }
  const best = view.state.best
  if (best) {
    result.push({
      x: [best.epoch],
      y: [best.val_loss],
      name: tr("best"),
      mode: "markers",
      type: "scatter",
      cliponaxis: false,
      marker: {
        symbol: "star",
        size: 13,
        color: validation,
        line: { color: view.theme.background, width: 1 },
      },
      hovertemplate: `${sayBest(best)}: %{y:.4f}`,
    })
  }
  return result
}

/**
 * How Plotly draws them.
 * @param {object} view
 * @param {{metric: string, isLog: boolean, cursor: number, times: number}} shown times: how often it was shown whole again
 */
export function layoutOf(view, { metric, isLog, cursor, times }) {
  const { theme } = view
  const type = theme.type ?? 1
  const axis = {
    color: theme.muted,
    gridcolor: theme.border,
    zeroline: false,
    linecolor: theme.border,
    fixedrange: false,
  }
  const changes = view.rows.filter((row) => row.kind === "change" && row.name === "learning_rate")
  const vertical = (x, color, dash, width) => ({
    type: "line",
    xref: "x",
    x0: x,
    x1: x,
    yref: "paper",
    y0: 0,
    y1: 1,
    line: { color, dash, width },
  })
  return {
    margin: { l: 46 * type, r: 10, t: 22 * type, b: 34 * type },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, color: theme.text, size: 12 * type },
    xaxis: {
      ...axis,
      title: { text: view.state.task === "pseudo" ? tr("round") : tr("epoch"), standoff: 6 },
      range: [0, Math.max(1, view.state.epochs)],
    },
    yaxis: {
      ...axis,
      type: isLog ? "log" : "linear",
      showticklabels: view.rows.length > 0,
      ...(/accuracy|_f1|_share|coverage|used_codes|dead_units|saturated/.test(metric)
        ? { tickformat: "~%" }
        : {}),
    },
    // The same value every time: Plotly then keeps a person's zoom, until it is to be shown whole.
    uirevision: `${metric}-${isLog}-${times}`,
    showlegend: true,
    legend: {
      orientation: "h",
      x: 0,
      xanchor: "left",
      y: 1.02,
      yanchor: "bottom",
      bgcolor: "rgba(0,0,0,0)",
      itemclick: false,
      itemdoubleclick: false,
    },
    hovermode: "x unified",
    hoverlabel: { bgcolor: theme.panel, bordercolor: theme.border, font: { color: theme.text } },
    shapes: [
      vertical(cursor, theme.text, "solid", 1.5),
      ...changes.map((row) => vertical(row.epoch, theme.muted, "dot", 1)),
    ],
    annotations: changes.map((row) => ({
      x: row.epoch,
      xref: "x",
      y: 0.98,
      yref: "paper",
      yanchor: "top",
      xanchor: "left",
      text: tr("LR {rate}", { rate: row.value }),
      showarrow: false,
      font: { size: 11 * type, color: theme.muted },
    })),
    dragmode: "zoom",
  }
}
