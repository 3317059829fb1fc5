// Inside: the layers with shapes, weights and cost; what each makes of a sample; which pixels a dimension looks at.

import { brief, el, fixed, grouped, percent, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { asker, epochKey } from "../asking.js"
import { nameOf } from "../controls.js"
import { drawCells, drawItem, drawSigned, itemAt, strip } from "../items.js"

const MAPS = 32

export default {
  id: "inside",
  get title() {
    return tr("Inside")
  },
  says: "code",
  get help() {
    return tr("Every layer of the network. Click one to see its output for the chosen sample.")
  },
  isFor: (state) => state.task !== "views",
  create(root, ctx) {
    let view = null,
      answer = null,
      chosen = 0
    const who = el("p", { class: "stage-muted" })
    const diagram = el("div", { class: "lab-diagram", "data-testid": "inside-diagram" })
    const detail = el("div", { "data-testid": "inside-activations" })
    root.body.append(who)
    const part = asker(root.body, (fresh, target) => {
      answer = fresh
      chosen = Math.min(chosen, fresh.about.layers.length - 1)
      target.replaceChildren(diagram, detail)
      drawDiagram()
    })
    const dimension = el("input", {
      class: "stage-input lab-number",
      type: "number",
      min: "0",
      step: "1",
      value: "0",
      "aria-label": tr("Dimension of the code"),
      oninput: () => askSaliency(),
    })
    const method = el("span", { class: "stage-muted" })
    const saliencyBody = el("div", {})
    root.body.append(
      el(
        "section",
        { class: "lab-section" },
        el(
          "header",
          {},
          el("h4", {}, tr("What a dimension of the code responds to")),
          el("label", { class: "stage-label" }, tr("dimension"), dimension),
        ),
        saliencyBody,
        method,
      ),
    )
    const saliency = asker(saliencyBody, ({ arrays, about }, target) => {
      const { statics } = view,
        isImage = statics.shape.length > 1
      const input =
        ctx.store.thumbnails && isImage
          ? drawItem(statics, itemAt(ctx.store.thumbnails, sample()), { size: 140, label: tr("Input") })
          : null
      const picture = isImage
        ? drawSigned(statics.shape, arrays.saliency.data, 140)
        : signedBars(statics, arrays.saliency.data)
      target.replaceChildren(
        strip(
          ...[
            input,
            el(
              "figure",
              { class: "lab-item" },
              picture,
              el(
                "figcaption",
                {},
                el("b", { class: "lab-plus" }, "+"),
                " ",
                tr("raises it"),
                "  ",
                el("b", { class: "lab-minus" }, "−"),
                " ",
                tr("lowers it"),
              ),
            ),
          ].filter(Boolean),
        ),
      )
      setText(method, about.method)
    })
    const sample = () => ctx.selection.first ?? 0

    function askSaliency() {
      if (!view) return
      const value = Math.max(0, Math.floor(Number(dimension.value) || 0))
      ctx.store
        .readThumbnails()
        .then(() =>
          saliency.want([epochKey(view), sample(), value].join("|"), () =>
            ctx.tool("saliency", { sample: sample(), dimension: value }),
          ),
        )
    }

    function drawDiagram() {
      const { layers } = answer.about,
        largest = Math.max(...layers.map((l) => l.shape.reduce((a, b) => a * b, 1)))
      diagram.replaceChildren(
        ...layers.map((layer, i) => {
          const size = layer.shape.reduce((a, b) => a * b, 1),
            height = 24 + 72 * (Math.log(size + 1) / Math.log(largest + 1))
          const isCode = layer.name === tr("Code")
          return el(
            "button",
            {
              class: "lab-layer",
              type: "button",
              "aria-pressed": String(i === chosen),
              title: layer.kind + (layer.note ? `, ${layer.note}` : ""),
              onclick: () => {
                chosen = i
                drawDiagram()
              },
            },
            el(
              "span",
              {
                class: "lab-box",
                style: `height:${Math.round(height)}px`,
                "data-code": isCode ? "yes" : null,
              },
              layer.shape.join(" × "),
            ),
            el("strong", {}, layer.name),
            el("span", {}, layer.kind),
            el("span", { class: "stage-muted" }, tr("{count} weights", { count: grouped(layer.parameters) })),
            el(
              "span",
              { class: "lab-share", title: tr("Share of the multiply-adds") },
              el("i", { style: `--share:${layer.share.toFixed(3)}` }),
              percent(layer.share, layer.share < 0.1 ? 1 : 0),
            ),
          )
        }),
      )
      drawDetail()
    }

    function drawDetail() {
      const array = answer.arrays[`layer_${chosen}`],
        layer = answer.about.layers[chosen]
      if (!array) return
      const values = Array.from(array.data),
        low = Math.min(...values),
        high = Math.max(...values)
      const words = tr("{layer}: {kind}. From {low} (dark) to {high} (bright) for this sample.", {
        layer: layer.name,
        kind: layer.kind,
        low: fixed(low, 2),
        high: fixed(high, 2),
      })
      let pictures
      if (array.shape.length === 3) {
        const [c, h, w] = array.shape
        pictures = Array.from({ length: Math.min(c, MAPS) }, (_, i) =>
          drawCells(array.data.subarray(i * h * w, (i + 1) * h * w), w, h, 52, { low, high }),
        )
      } else if (array.shape.length === 2) {
        pictures = [drawCells(array.data, array.shape[1], array.shape[0], 360, { low, high })]
      } else {
        const columns = Math.min(array.shape[0], isImageSized(array.shape[0]) || 32),
          rows = Math.ceil(array.shape[0] / columns)
        pictures = [drawCells(array.data, columns, rows, 0, { low, high, cell: columns > 32 ? 6 : 14 })]
      }
      const total = layer.shape.reduce((a, b) => a * b, 1)
      detail.replaceChildren(
        el(
          "p",
          {},
          words,
          " ",
          total > values.length
            ? tr("The first {count} of {all} values.", {
                count: grouped(values.length),
                all: grouped(total),
              })
            : "",
        ),
        el("div", { class: "lab-wall" }, ...pictures),
      )
    }
    const isImageSized = (count) => {
      const { shape } = view.statics
      return shape.length === 2 && shape[0] * shape[1] === count ? shape[1] : 0
    }

    return {
      update(next) {
        view = next
        dimension.max = String(Math.max(0, (next.state.code_size ?? 1) - 1))
        setText(
          who,
          ctx.selection.first === null
            ? tr("Sample: {sample}. Click a point on the map to choose another.", { sample: nameOf(next, 0) })
            : tr("Sample A: {sample}.", { sample: nameOf(next, sample()) }),
        )
        part.want([epochKey(next), sample()].join("|"), () => ctx.tool("inside", { sample: sample() }))
        askSaliency()
      },
      resize() {},
      destroy() {},
    }
  },
}

function signedBars(statics, values) {
  const all = Array.from(values, (v, i) => [statics.columns?.[i] || tr("value {place}", { place: i + 1 }), v])
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
    .slice(0, 12)
  const most = Math.max(...all.map(([, v]) => Math.abs(v)), 1e-9)
  return el(
    "div",
    { class: "lab-bars" },
    ...all.map(([name, v]) =>
      el(
        "div",
        { class: "lab-bar" },
        el("span", {}, name),
        el("i", {
          style: `--share:${(Math.abs(v) / most).toFixed(3)};--bar:${v > 0 ? "#D55E00" : "#0072B2"}`,
        }),
        el("b", {}, `${v > 0 ? "+" : "−"}${brief(Math.abs(v), 2)}`),
      ),
    ),
  )
}
