// Loss over epochs: training thin and light between epochs, validation, the best epoch, the cursor, live changes.

import { el, fixed } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { layoutOf, metricsOf, titleOf, tracesOf } from "./curves.js"
import { holdPlot, moveByClick, offerWhole, PLOT_OPTIONS } from "./plotly.js"

export default {
  id: "loss",
  get title() {
    return tr("Loss")
  },
  create(root, ctx) {
    const metric = el(
      "select",
      { class: "stage-input", "aria-label": tr("Metric"), onchange: () => draw() },
      el("option", { value: "loss" }, tr("Loss")),
    )
    const scale = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "aria-pressed": "false",
        title: tr("Logarithmic axis"),
        onclick: () => {
          scale.setAttribute("aria-pressed", String(!isLog()))
          draw()
        },
      },
      tr("log"),
    )
    const isLog = () => scale.getAttribute("aria-pressed") === "true"
    const plot = el("div", { class: "stage-plot" })
    const whole = offerWhole(plot, () => draw())
    root.head.append(metric, scale, whole.button)
    root.body.append(plot)
    let view = null,
      drawn = ""
    const drawing = holdPlot(plot, ctx, () => draw())

    function draw() {
      if (!drawing.Plotly || !view?.state) return
      offerMetrics()
      const cursor = view.row?.epoch ?? 0
      const key = [
        view.rows.length,
        view.earlyRows.length,
        cursor,
        metric.value,
        isLog(),
        view.theme.id,
        whole.times,
        view.state.best?.epoch,
        Boolean(view.state.baseline),
      ].join("|")
      if (key === drawn) return
      drawn = key
      const shown = { metric: metric.value, isLog: isLog(), cursor, times: whole.times }
      drawing.Plotly.react(plot, tracesOf(view, metric.value), layoutOf(view, shown), PLOT_OPTIONS)
      moveByClick(plot, ctx)
      whole.watch()
    }

    function offerMetrics() {
      for (const term of metricsOf(view.epochRows.at(-1) ?? {})) {
        if ([...metric.options].some((option) => option.value === term)) continue
        metric.append(el("option", { value: term }, titleOf(term, view.state)))
      }
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize() {
        if (drawn) drawing.resize()
      },
      destroy: drawing.destroy,
      summary(next) {
        const rows = next.epochRows.filter((row) => typeof row.val_loss === "number")
        if (!rows.length) return tr("No epoch has been measured yet.")
        const first = rows[0],
          best = next.state.best
        const said = tr(
          "Validation loss {first} at epoch {start}, {now} at epoch {epoch}, training loss {training}.",
          {
            first: fixed(first.val_loss, 4),
            start: first.epoch,
            now: fixed(next.row?.val_loss, 4),
            epoch: next.row?.epoch,
            training: fixed(next.row?.train_loss, 4),
          },
        )
        if (!best) return said
        const lowest = tr("The best epoch is {epoch} with {loss}.", {
          epoch: best.epoch,
          loss: fixed(best.val_loss, 4),
        })
        return `${said} ${lowest}`
      },
    }
  },
}
