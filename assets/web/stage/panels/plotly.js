// Plotly, as panels over epochs use it: loaded once, without its own buttons, with a click that moves the cursor.

import { el } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

let loading = null

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
      title: tr("Reset the zoom (double click)"),
      onclick: show,
    },
    tr("Whole"),
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

/**
 * Load Plotly once for all stages of the page. It is fetched at once, but run only when the first frame is shown:
 * that takes a second in which the browser does nothing else.
 * @param {{assets: string, shown?: Promise<void>}} ctx
 */
export function loadPlotly({ assets, shown }) {
  if (window.Plotly) return Promise.resolve(window.Plotly)
  const src = `${assets}/plotly.min.js`
  if (!loading) document.head.append(el("link", { rel: "preload", as: "script", href: src }))
  loading ??= Promise.resolve(shown).then(
    () =>
      new Promise((resolve, reject) => {
        const script = el("script", { src })
        script.onload = () => resolve(window.Plotly)
        script.onerror = () => {
          loading = null
          reject(new Error("plotly.min.js did not load"))
        }
        document.head.append(script)
      }),
  )
  return loading
}

/**
 * Plotly for one plot of a panel, from when it has loaded until the panel goes.
 * @param {HTMLElement} plot
 * @param {object} ctx what panels share
 * @param {() => void} draw called once Plotly is there
 */
export function holdPlot(plot, ctx, draw) {
  let isGone = false
  const held = {
    Plotly: null, // null before it has loaded, and after the panel is gone
    resize() {
      // Plotly objects to a plot that is not on the page, as in the moment before a page is left.
      if (held.Plotly && plot.isConnected && plot.clientWidth > 0)
        held.Plotly.Plots.resize(plot)?.catch?.(() => null)
    },
    destroy() {
      isGone = true
      held.Plotly?.purge(plot)
      held.Plotly = null
    },
  }
  loadPlotly(ctx).then(
    (loaded) => {
      if (isGone) return
      held.Plotly = loaded
      draw()
    },
    (error) => ctx.fail(String(error)),
  )
  return held
}
