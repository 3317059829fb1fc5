// Loss over epochs: training thin and light between epochs, validation, the best epoch, the cursor, live changes.

import { el, fixed } from "../../lib/dom.js"
import { COLORS } from "../../lib/palette.js"

const NOT_METRICS = new Set([
  "kind",
  "step",
  "epoch",
  "seconds",
  "samples_per_second",
  "train_loss",
  "val_loss",
])
export const LABELS = {
  loss: "Loss",
  val_mse: "Validation MSE",
  knn_accuracy: "5 nearest neighbors in the code",
  probe_accuracy: "Linear classifier on the code",
  auroc: "AUROC of the class left out",
  dead_units: "Share of constant code units",
  saturated: "Share of saturated outputs",
  token_perplexity: "Perplexity",
  bits_per_character: "Bits per character",
  learning_rate: "Learning rate",
  accuracy: "Accuracy",
  macro_f1: "Macro-F1",
  choice_loss: "Loss of the labels set aside",
  choice_accuracy: "Accuracy of the labels set aside",
  kept_drift: "Drift of the kept class shares",
  ece: "Expected calibration error",
  largest_share: "Share of the most predicted class",
  largest_true_share: "Share of the most frequent true class",
  reconstruction: "Reconstruction term",
  kl: "KL to the prior, nats",
  kl_weight: "Weight of the KL",
  negative_elbo: "Negative ELBO, nats per sample",
  sparsity: "Sparsity term",
  contraction: "Contraction term",
  commitment: "Commitment term",
  perplexity: "Codebook perplexity",
  active_dimensions: "Active code dimensions",
  active_share: "Share of active code units",
  used_codes: "Share of the codebook in use",
}
// Measured on validation rows alone and said so in their names.
const WHOLE = new Set(["val_mse"])
let loading = null

/** train_kl and val_kl are curves of one choice, "kl". */
const termOf = (name) => (WHOLE.has(name) ? name : name.replace(/^(train|val)_/, ""))

// Plotly's own buttons would lie over the legend and the names of the curves; `offerWhole` is in the panel's head.
export const PLOT_OPTIONS = {
  displaylogo: false,
  responsive: false,
  displayModeBar: false,
  doubleClick: false,
}

/**
 * A button that shows a zoomed plot whole again; a double click on the plot does the same.
 * @param {HTMLElement} plot
 * @param {() => void} redraw draws the plot with another `uirevision`, `whole.times`
 */
export function offerWhole(plot, redraw) {
  const whole = { times: 0, button: null, watch }
  function show() {
    whole.button.hidden = true
    whole.times++
    redraw()
  }
  whole.button = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      hidden: true,
      title: "Reset the zoom (double click)",
      onclick: show,
    },
    "Whole",
  )
  /** Once Plotly has drawn. */
  function watch() {
    if (plot.dataset.hasWhole) return
    plot.dataset.hasWhole = "yes"
    plot.on("plotly_doubleclick", show)
    plot.on("plotly_relayout", (change) => {
      if (Object.keys(change).some((name) => /^[xy]axis\.range/.test(name))) whole.button.hidden = false
    })
  }
  return whole
}

/** A click on a plot over epochs moves the cursor to the nearest epoch with a frame. */
export function moveByClick(plot, ctx) {
  if (plot.dataset.hasClick) return
  plot.dataset.hasClick = "yes"
  plot.on("plotly_click", (event) => {
    const epoch = Math.round(event.points[0].x),
      { frames } = ctx.store
    ctx.cursor.moveTo(
      frames.reduce((best, e, i) => (Math.abs(e - epoch) < Math.abs(frames[best] - epoch) ? i : best), 0),
    )
  })
}

/** Load Plotly once for all stages of the page. */
export function loadPlotly(assets) {
  if (window.Plotly) return Promise.resolve(window.Plotly)
  loading ??= new Promise((resolve, reject) => {
    const script = el("script", { src: `${assets}/plotly.min.js` })
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      loading = null
      reject(new Error("plotly.min.js did not load"))
    }
    document.head.append(script)
  })
  return loading
}

export default {
  id: "loss",
  title: "Loss",
  create(root, ctx) {
    const metric = el(
      "select",
      { class: "stage-input", "aria-label": "Metric", onchange: () => draw() },
      el("option", { value: "loss" }, "Loss"),
    )
    const scale = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "aria-pressed": "false",
        title: "Logarithmic axis",
        onclick: () => {
          scale.setAttribute("aria-pressed", String(scale.getAttribute("aria-pressed") !== "true"))
          draw()
        },
      },
      "log",
    )
    const plot = el("div", { class: "stage-plot" })
    const whole = offerWhole(plot, () => draw())
    root.head.append(metric, scale, whole.button)
    root.body.append(plot)
    let view = null,
      Plotly = null,
      drawn = "",
      isGone = false
    loadPlotly(ctx.assets).then(
      (loaded) => {
        Plotly = loaded
        if (!isGone) draw()
      },
      (error) => ctx.fail(String(error)),
    )

    function draw() {
      if (!Plotly || !view?.state || isGone) return
      offerMetrics()
      const cursor = view.row?.epoch ?? 0
      const key = [
        view.rows.length,
        view.earlyRows.length,
        cursor,
        metric.value,
        scale.getAttribute("aria-pressed"),
        view.theme.id,
        whole.times,
        view.state.best?.epoch,
        Boolean(view.state.baseline),
      ].join("|")
      if (key === drawn) return
      drawn = key
      Plotly.react(plot, traces(), layout(cursor), PLOT_OPTIONS)
      moveByClick(plot, ctx)
      whole.watch()
    }

    function offerMetrics() {
      const last = view.epochRows[view.epochRows.length - 1] ?? {}
      for (const name of Object.keys(last)) {
        if (NOT_METRICS.has(name) || typeof last[name] !== "number") continue
        const term = termOf(name)
        if ([...metric.options].some((option) => option.value === term)) continue
        metric.append(el("option", { value: term }, LABELS[term] ?? term.replaceAll("_", " ")))
      }
    }

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

    function traces() {
      const [train, validation] = [COLORS[5], COLORS[3]]
      const looked = [...view.epochRows, ...view.earlyRows].sort((a, b) => a.epoch - b.epoch)
      if (metric.value !== "loss") {
        // A term of the loss has two curves, as the loss has; a measure of validation rows has one.
        const of = (key, name, color, extra) =>
          looked.some((row) => typeof row[key] === "number") ? [line(looked, name, key, color, extra)] : []
        const traces = [
          ...of(`train_${metric.value}`, "training", train),
          ...of(`val_${metric.value}`, "validation", validation, {
            line: { color: validation, width: 2, dash: "dash" },
          }),
          ...of(metric.value, LABELS[metric.value] ?? metric.value, validation),
        ]
        const base = view.state.baseline
        const reference = {
          val_mse: [base?.pca_mse, `PCA-${base?.pca_components}`],
          knn_accuracy: [base?.raw_knn_accuracy, "raw input"],
          probe_accuracy: [base?.raw_probe_accuracy, "raw input"],
          bits_per_character: [base?.bigram_bits, "bigram baseline"],
          accuracy: [base?.logistic_accuracy, "logistic regression"],
          macro_f1: [base?.logistic_macro_f1, "logistic regression"],
        }[metric.value]
        if (reference && typeof reference[0] === "number") {
          traces.push({
            x: [0, view.state.epochs],
            y: [reference[0], reference[0]],
            name: reference[1],
            mode: "lines",
            line: { color: view.theme.muted, dash: "dash", width: 1.5 },
            hovertemplate: "%{y:.4f}",
          })
        }
        return traces
      }
      const steps = view.rows.filter((row) => row.kind === "step")
      const result = [
        line(steps, "training, within the epoch", "train_loss", train, {
          line: { color: train, width: 1 },
          opacity: 0.45,
          showlegend: false,
          hoverinfo: "skip",
          hovertemplate: undefined,
        }),
        line(looked, "training", "train_loss", train),
        line(looked, "validation", "val_loss", validation, {
          line: { color: validation, width: 2, dash: "dash" },
        }),
      ]
      const pairs = view.state.baseline?.bigram_loss
      if (typeof pairs === "number") {
        result.push({
          x: [0, view.state.epochs],
          y: [pairs, pairs],
          name: "bigram baseline",
          mode: "lines",
          line: { color: view.theme.muted, dash: "dot", width: 1.5 },
          hovertemplate: "%{y:.4f}",
        })
      }
      const best = view.state.best
      if (best) {
        result.push({
          x: [best.epoch],
          y: [best.val_loss],
          name: "best",
          mode: "markers",
          type: "scatter",
          cliponaxis: false,
          marker: {
            symbol: "star",
            size: 13,
            color: validation,
            line: { color: view.theme.background, width: 1 },
          },
          hovertemplate: `best epoch ${best.epoch}: %{y:.4f}`,
        })
      }
      return result
    }

    function layout(cursor) {
      const { theme } = view
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
        margin: { l: 46, r: 10, t: 22, b: 34 },
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: theme.font, color: theme.text, size: 12 },
        xaxis: { ...axis, title: { text: "epoch", standoff: 6 }, range: [0, Math.max(1, view.state.epochs)] },
        yaxis: {
          ...axis,
          type: scale.getAttribute("aria-pressed") === "true" ? "log" : "linear",
          showticklabels: view.rows.length > 0,
          ...(/accuracy|_share|used_codes|dead_units|saturated/.test(metric.value)
            ? { tickformat: "~%" }
            : {}),
        },
        // The same value every time: Plotly then keeps a person's zoom, until it is to be shown whole.
        uirevision: `${metric.value}-${scale.getAttribute("aria-pressed")}-${whole.times}`,
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
          text: `LR ${row.value}`,
          showarrow: false,
          font: { size: 11, color: theme.muted },
        })),
        dragmode: "zoom",
      }
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize() {
        // Plotly objects to a plot that is not on the page, as in the moment before a page is left.
        if (Plotly && drawn && !isGone && plot.isConnected && plot.clientWidth > 0)
          Plotly.Plots.resize(plot)?.catch?.(() => null)
      },
      destroy() {
        isGone = true
        if (Plotly) Plotly.purge(plot)
      },
      summary(next) {
        const rows = next.epochRows.filter((row) => typeof row.val_loss === "number")
        if (!rows.length) return "No epoch has been measured yet."
        const first = rows[0],
          best = next.state.best
        return (
          `Validation loss ${fixed(first.val_loss, 4)} at epoch ${first.epoch}, ${fixed(next.row?.val_loss, 4)} at epoch ${next.row?.epoch}, ` +
          `training loss ${fixed(next.row?.train_loss, 4)}.${best ? ` The best epoch is ${best.epoch} with ${fixed(best.val_loss, 4)}.` : ""}`
        )
      },
    }
  },
}
