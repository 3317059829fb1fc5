// Is the code useful? What simple classifiers read from it, beside the raw input, PCA and the untrained encoder.

import { el, fixed, percent } from "../../lib/dom.js"
import { COLORS } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { neighborsOf } from "../views.js"

const measuresOf = (state) => [
  ["knn_accuracy", tr("{count} nearest neighbors", { count: neighborsOf(state) })],
  ["probe_accuracy", tr("Linear classifier (linear probe)")],
]

export default {
  id: "useful",
  get title() {
    return tr("Is the code useful?")
  },
  says: "code",
  get help() {
    return tr(
      "How well simple classifiers ([[k-NN]], [[linear probe]]) predict the class of validation samples from the code alone. [[Labels|label]] are used for this measure only, not for training.",
    )
  },
  isFor: () => true,
  create(root) {
    const body = el("div", {})
    root.body.append(body)
    let drawn = ""
    return {
      update(view) {
        const rows = view.epochRows,
          classes = view.statics?.classes?.length,
          key = [rows.length, view.cursor, view.theme.id, Boolean(view.state.baseline), classes].join("|")
        if (key === drawn) return
        drawn = key
        if (!rows.some((row) => typeof row.knn_accuracy === "number")) {
          const none =
            classes === 1
              ? tr("All labels are of one class, so every guess would be right and this cannot be measured.")
              : tr("This data set has no labels, so this cannot be measured.")
          body.replaceChildren(el("p", {}, none))
          return
        }
        body.replaceChildren(
          el(
            "div",
            { class: "lab-halves" },
            ...measuresOf(view.state).map(([name, title]) => chart(view, name, title)),
          ),
          table(view),
        )
      },
      resize() {},
      destroy() {},
    }
  },
}

function references(view, name) {
  const base = view.state.baseline ?? {}
  return [
    [tr("raw input"), base[`raw_${name}`], COLORS[3], "2 3"],
    [sayPca(base), base[`pca_${name}`], COLORS[2], "6 4"],
    [tr("untrained encoder"), view.epochRows.find((row) => row.epoch === 0)?.[name], COLORS[7], "1 4"],
  ].filter(([, value]) => typeof value === "number")
}

const sayPca = ({ pca_components: count }) =>
  count ? tr("PCA with {count} values", { count }) : tr("PCA with as many values")

/** Accuracy over epochs as an SVG: the code's line, three reference lines, the cursor. */
function chart(view, name, title) {
  const points = view.epochRows.filter((row) => typeof row[name] === "number")
  const others = references(view, name)
  const values = [...points.map((row) => row[name]), ...others.map(([, value]) => value)]
  // Round marks: every tenth, or every fifth where there are many.
  const floor = Math.floor(Math.min(...values) * 10),
    ceil = Math.max(floor + 1, Math.ceil(Math.max(...values) * 10))
  const low = floor / 10,
    high = ceil / 10,
    step = ceil - floor > 5 ? 2 : 1
  const W = 520,
    H = 210,
    L = 44,
    R = 8,
    T = 8,
    B = 26
  const x = (epoch) => L + (epoch / Math.max(1, view.state.epochs)) * (W - L - R)
  const y = (value) => T + ((high - value) / (high - low || 1)) * (H - T - B)
  const space = "http://www.w3.org/2000/svg",
    svg = document.createElementNS(space, "svg")
  svg.setAttribute("viewBox", `0 0 ${W} ${H}`)
  svg.setAttribute("class", "lab-histogram")
  svg.setAttribute("role", "img")
  svg.setAttribute("aria-label", tr("{title} accuracy over epochs", { title }))
  const add = (tag, attributes, text) => {
    const node = document.createElementNS(space, tag)
    for (const [k, v] of Object.entries(attributes)) node.setAttribute(k, v)
    if (text) node.textContent = text
    svg.append(node)
  }
  for (let tenth = floor; tenth <= ceil; tenth += step) {
    const value = tenth / 10
    add("line", { x1: L, x2: W - R, y1: y(value), y2: y(value), stroke: view.theme.border })
    add(
      "text",
      { x: L - 6, y: y(value) + 4, "text-anchor": "end", "font-size": 12, fill: view.theme.muted },
      percent(value, 0),
    )
  }
  add("text", { x: L, y: H - 8, "font-size": 12, fill: view.theme.muted }, tr("epoch {epoch}", { epoch: 0 }))
  add(
    "text",
    { x: W - R, y: H - 8, "text-anchor": "end", "font-size": 12, fill: view.theme.muted },
    String(view.state.epochs),
  )
  for (const [, value, color, dash] of others)
    add("line", {
      x1: L,
      x2: W - R,
      y1: y(value),
      y2: y(value),
      stroke: color,
      "stroke-width": 1.8,
      "stroke-dasharray": dash,
    })
  add("polyline", {
    points: points.map((row) => `${x(row.epoch).toFixed(1)},${y(row[name]).toFixed(1)}`).join(" "),
    fill: "none",
    stroke: COLORS[0],
    "stroke-width": 2.4,
  })
  add("line", {
    x1: x(view.cursor ?? 0),
    x2: x(view.cursor ?? 0),
    y1: T,
    y2: H - B,
    stroke: view.theme.text,
    "stroke-width": 1.2,
  })
  const key = (text, color, dash) => {
    const mark = document.createElementNS(space, "svg")
    mark.setAttribute("viewBox", "0 0 24 8")
    mark.setAttribute("class", "lab-key")
    const line = document.createElementNS(space, "line")
    for (const [k, v] of Object.entries({
      x1: 0,
      x2: 24,
      y1: 4,
      y2: 4,
      stroke: color,
      "stroke-width": 2.4,
      ...(dash ? { "stroke-dasharray": dash } : {}),
    }))
      line.setAttribute(k, v)
    mark.append(line)
    return el("span", { class: "stage-label" }, mark, text)
  }
  return el(
    "section",
    { class: "lab-section" },
    el("header", {}, el("h4", {}, title)),
    svg,
    el(
      "div",
      { class: "lab-row" },
      key(tr("this code"), COLORS[0]),
      ...others.map(([text, , color, dash]) => key(text, color, dash)),
    ),
  )
}

function table(view) {
  const base = view.state.baseline ?? {},
    first = view.epochRows.find((row) => row.epoch === 0) ?? {}
  const lines = [
    [
      tr("This code, epoch {epoch}", { epoch: view.row?.epoch ?? "" }),
      measuresOf(view.state).map(([name]) => view.row?.[name]),
    ],
    [
      base.pca_components
        ? tr("PCA with {count} numbers", { count: base.pca_components })
        : tr("PCA with as many numbers"),
      measuresOf(view.state).map(([name]) => base[`pca_${name}`]),
    ],
    [tr("Untrained encoder"), measuresOf(view.state).map(([name]) => first[name])],
    [tr("Raw input"), measuresOf(view.state).map(([name]) => base[`raw_${name}`])],
  ]
  const best = measuresOf(view.state).map((_, i) => Math.max(...lines.map(([, values]) => values[i] ?? -1)))
  return el(
    "div",
    {},
    el(
      "table",
      { class: "lab-numbers", "data-testid": "useful-table" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", {}, tr("Accuracy on validation samples")),
          ...measuresOf(view.state).map(([, title]) => el("th", { scope: "col" }, title)),
        ),
      ),
      el(
        "tbody",
        {},
        ...lines.map(([title, values]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, title),
            ...values.map((value, i) =>
              el("td", {}, value === best[i] ? el("strong", {}, percent(value)) : percent(value)),
            ),
          ),
        ),
      ),
    ),
    el("p", { "data-testid": "useful-words" }, verdict(lines)),
  )
}

function verdict(lines) {
  const [code, pca, untrained, raw] = lines.map(([, values]) => values[1] ?? values[0])
  if (typeof code !== "number") return ""
  const parts = [
    [tr("PCA of the same size"), pca],
    [tr("the untrained encoder"), untrained],
    [tr("the raw input"), raw],
  ].filter(([, v]) => typeof v === "number")
  const above = parts.filter(([, v]) => code > v + 0.002).map(([n]) => n),
    below = parts.filter(([, v]) => code < v - 0.002).map(([n]) => n)
  const say = (names) =>
    names.length === 2 ? tr("{first} and {second}", { first: names[0], second: names[1] }) : names.join(", ")
  if (!above.length && !below.length)
    return tr("About the same from all of them: {share}.", { share: fixed(code, 3) })
  if (!above.length)
    return tr("A linear classifier predicts the class better from {others} than from this code.", {
      others: say(below),
    })
  const first = tr("A linear classifier predicts the class better from this code than from {others}.", {
    others: say(above),
  })
  if (!below.length) return first
  const second = tr("It does even better from {others}.", { others: say(below) })
  return `${first} ${second}`
}
