// Fréchet distance of what is drawn to real images, over epochs, with real training images and autoencoders beside it.

import { el, fixed } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { distancesOf, layoutOf, tracesOf } from "./curves.js"
import { holdPlot, moveByClick, offerWhole, PLOT_OPTIONS } from "./plotly.js"

const METRIC = "frechet"

export default {
  id: METRIC,
  get title() {
    return tr("Fréchet distance")
  },
  isFor: ({ state }) => Boolean(state?.baseline?.floor_frechet !== null),
  create(root, ctx) {
    const scale = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "aria-pressed": "true",
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
    root.head.append(scale, whole.button)
    root.body.append(plot)
    let view = null,
      drawn = ""
    const drawing = holdPlot(plot, ctx, () => draw())

    function draw() {
      if (!drawing.Plotly || !view?.state) return
      const cursor = view.row?.epoch ?? 0
      const key = [
        view.epochRows.length,
        cursor,
        isLog(),
        view.theme.id,
        whole.times,
        Boolean(view.state.baseline),
      ].join("|")
      if (key === drawn) return
      drawn = key
      const shown = { metric: METRIC, isLog: isLog(), cursor, times: whole.times }
      drawing.Plotly.react(plot, tracesOf(view, METRIC), layoutOf(view, shown), PLOT_OPTIONS)
      moveByClick(plot, ctx)
      whole.watch()
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
      summary({ row, state }) {
        if (typeof row?.val_frechet !== "number") return tr("The distance has not been measured yet.")
        const beside = distancesOf(state.baseline)
          .filter(([, value]) => typeof value === "number")
          .map(([name, value]) => `${name} ${fixed(value, 2)}`)
        const said = tr("At epoch {epoch} the Fréchet distance to validation images is {distance}.", {
          epoch: row.epoch,
          distance: fixed(row.val_frechet, 2),
        })
        if (!beside.length) return said
        const others = tr("Beside it: {names}.", { names: beside.join(", ") })
        return `${said} ${others}`
      },
    }
  },
}
