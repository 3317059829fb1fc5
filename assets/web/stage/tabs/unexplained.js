// Largest errors: all samples by their reconstruction error, a threshold, and the class-left-out experiment.

import { className, el, fixed } from "../../lib/dom.js"
import { classColor } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { asker, epochKey } from "../asking.js"
import { inline } from "../beside_words.js"
import { saveFile, select, toggle } from "../controls.js"
import { drawDifferences, drawItem, itemAt } from "../items.js"

const SIZE = 52,
  BINS = 48

export default {
  id: "unexplained",
  get title() {
    return tr("Largest errors")
  },
  get help() {
    return tr(
      "Training and validation samples sorted by [[reconstruction]] error: what the network reconstructs worst.",
    )
  },
  isFor: (state) => state.task !== "views",
  create(root, ctx) {
    let view = null,
      answer = null
    const side = toggle(
      tr("Which"),
      [
        ["worst", tr("worst")],
        ["best", tr("best")],
      ],
      () => drawWall(),
    )
    const only = select(tr("Class"), [["", tr("all classes")]], () => drawWall())
    const csv = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        onclick: () => saveCsv(answer, view),
        "data-testid": "unexplained-csv",
      },
      tr("Download CSV"),
    )
    root.body.append(el("div", { class: "lab-row" }, side.root, only, csv))
    const wall = el("div", { class: "lab-wall", "data-testid": "unexplained-wall" })
    const part = asker(root.body, (fresh, target) => {
      answer = fresh
      offerClasses()
      target.replaceChildren(
        wall,
        el("div", { class: "lab-halves" }, histogram(fresh, view.theme), classBars(fresh, view)),
        experiment(fresh),
      )
      drawWall()
    })

    function offerClasses() {
      const { classes } = view.statics
      only.hidden = !classes.length
      if (only.childElementCount > 1) return
      only.append(...classes.map((name, i) => el("option", { value: String(i) }, name)))
    }

    function drawWall() {
      if (!answer) return
      const { arrays } = answer,
        n = arrays.rows.shape[0],
        half = arrays.images.shape[0] / 2,
        isWorst = side.value === "worst"
      const most = view.statics.shape.length < 2 ? Math.min(half, 12) : half
      const places = Array.from({ length: most }, (_, i) => [
        isWorst ? i : n - 1 - i,
        isWorst ? i : half + i,
      ]).filter(([place]) => !only.value || arrays.labels.data[place] === Number(only.value))
      const { classes } = view.statics
      wall.replaceChildren(
        ...places.map(([place, picture]) => {
          const label = arrays.labels.data[place],
            at = { row: arrays.rows.data[place] }
          const where = arrays.splits.data[place]
            ? tr("row {row}, validation", at)
            : tr("row {row}, training", at)
          const words = classes[label] !== undefined ? `${className(classes[label])}, ${where}` : where
          const before = itemAt(arrays.images, picture),
            after = itemAt(arrays.restored, picture)
          if (view.statics.shape.length < 2) {
            return el(
              "article",
              { class: "lab-member lab-odd" },
              el("strong", {}, tr("Error {error}", { error: fixed(arrays.error.data[place], 3) })),
              el("span", { class: "stage-muted" }, ` ${words}`),
              drawDifferences(view.statics, before, after),
            )
          }
          return el(
            "figure",
            { class: "lab-item lab-pair", title: words },
            drawItem(view.statics, before, { size: SIZE }),
            drawItem(view.statics, after, { size: SIZE }),
            el(
              "figcaption",
              {},
              fixed(arrays.error.data[place], 3),
              classes[label] !== undefined ? el("small", {}, ` ${classes[label]}`) : "",
            ),
          )
        }),
      )
      if (!places.length)
        wall.replaceChildren(
          el(
            "p",
            { class: "stage-muted" },
            isWorst
              ? tr("None of the {count} worst samples is of this class.", { count: half })
              : tr("None of the {count} best samples is of this class.", { count: half }),
          ),
        )
    }

    function experiment({ about }) {
      const { classes } = view.statics
      const text = el("p", {})
      if (about.left_out) {
        text.textContent =
          about.auroc === null
            ? tr("This run never saw {name}, and there is no validation sample of it to test.", {
                name: className(about.left_out),
              })
            : tr(
                "This run never saw {name}. AUROC of the error, that class against the others: {auroc} (0.5 is chance, 1 tells them apart).",
                { name: className(about.left_out), auroc: fixed(about.auroc, 3) },
              )
        return el(
          "section",
          { class: "lab-section", "data-testid": "unexplained-auroc" },
          el("header", {}, el("h4", {}, tr("A class it never saw"))),
          text,
        )
      }
      if (classes.length < 2) return el("div", {})
      const which = select(
        tr("Class to leave out"),
        classes.map((name) => [name, name]),
        () => null,
      )
      const button = el(
        "button",
        {
          class: "stage-button",
          type: "button",
          "data-testid": "unexplained-leave-out",
          onclick: async () => {
            button.disabled = true
            const made = await ctx.store.command("repeat", {
              submission: crypto.randomUUID?.() ?? String(Math.random()),
              leave_out: which.value,
            })
            button.disabled = false
            if (made.error) ctx.tell(made.error)
            else ctx.open(made.run)
          },
        },
        tr("Train again without it"),
      )
      return el(
        "section",
        { class: "lab-section" },
        el("header", {}, el("h4", {}, tr("A class it never saw")), which, button),
        el(
          "p",
          { class: "stage-muted" },
          tr(
            "The same settings, but training rows of this class are left out. Its error then shows how well unfamiliar samples stand out (AUROC).",
          ),
        ),
      )
    }

    return {
      update(next) {
        view = next
        part.want(epochKey(next), () => ctx.tool("unexplained", {}))
      },
      resize() {},
      destroy() {},
    }
  },
}

/** Validation errors as bars with the threshold, and the count above it in words. */
function histogram({ arrays, about }, theme) {
  const errors = Array.from(arrays.error.data).filter((_, i) => arrays.splits.data[i]),
    limit = about.threshold
  const high = Math.max(limit * 1.3, ...errors),
    counts = new Array(BINS).fill(0)
  for (const error of errors) counts[Math.min(BINS - 1, Math.floor((error / high) * BINS))]++
  const most = Math.max(...counts, 1),
    above = errors.filter((e) => e > limit).length
  const space = "http://www.w3.org/2000/svg",
    svg = document.createElementNS(space, "svg")
  svg.setAttribute("viewBox", "0 0 480 120")
  svg.setAttribute("class", "lab-histogram")
  svg.setAttribute("role", "img")
  const words = tr("Above the threshold: {count} of {all} validation samples.", {
    count: above,
    all: errors.length,
  })
  svg.setAttribute("aria-label", tr("Histogram of errors. {said}", { said: words }))
  const add = (tag, attributes, text) => {
    const node = document.createElementNS(space, tag)
    for (const [k, v] of Object.entries(attributes)) node.setAttribute(k, v)
    if (text) node.textContent = text
    svg.append(node)
  }
  counts.forEach((count, i) =>
    add("rect", {
      x: i * 10,
      y: 100 - (96 * count) / most,
      width: 9,
      height: (96 * count) / most,
      fill: (i + 1) * (high / BINS) > limit ? "#D55E00" : "#0072B2",
    }),
  )
  const x = (limit / high) * 480
  add("line", {
    x1: x,
    x2: x,
    y1: 0,
    y2: 100,
    stroke: theme.text,
    "stroke-width": 1.5,
    "stroke-dasharray": "4 3",
  })
  add(
    "text",
    { x: Math.min(x + 6, 380), y: 12, fill: theme.text, "font-size": 12 },
    tr("threshold {value}", { value: fixed(limit, 4) }),
  )
  add("text", { x: 0, y: 116, fill: theme.muted, "font-size": 12 }, "0")
  add("text", { x: 480, y: 116, fill: theme.muted, "font-size": 12, "text-anchor": "end" }, fixed(high, 3))
  return el(
    "section",
    { class: "lab-section" },
    el("header", {}, el("h4", {}, tr("Errors of validation samples"))),
    svg,
    el(
      "p",
      { "data-testid": "unexplained-words" },
      words,
      " ",
      tr("The threshold is {note}", { note: inline(about.threshold_note) }),
    ),
  )
}

function classBars({ arrays }, view) {
  const means = Array.from(arrays.class_error?.data ?? [])
  if (!means.length) return el("div", {})
  const most = Math.max(...means.filter((v) => !Number.isNaN(v)), 1e-9)
  const rows = means
    .map((value, i) => ({ value, i }))
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => b.value - a.value)
    .slice(0, 20)
  return el(
    "section",
    { class: "lab-section" },
    el("header", {}, el("h4", {}, tr("Mean error by class"))),
    el(
      "div",
      { class: "lab-bars" },
      ...rows.map(({ value, i }) =>
        el(
          "div",
          { class: "lab-bar" },
          el("span", {}, view.statics.classes[i]),
          el("i", { style: `--share:${(value / most).toFixed(3)};--bar:${classColor(i)}` }),
          el("b", {}, fixed(value, 4)),
        ),
      ),
    ),
  )
}

function saveCsv(answer, view) {
  if (!answer) return
  const { arrays } = answer,
    quote = (text) => `"${String(text).replaceAll('"', '""')}"`
  const lines = [
    "row,error,label,split",
    ...Array.from(arrays.rows.data, (row, i) =>
      [
        row,
        arrays.error.data[i],
        quote(view.statics.classes[arrays.labels.data[i]] ?? ""),
        arrays.splits.data[i] ? "validation" : "training",
      ].join(","),
    ),
  ]
  saveFile(
    new Blob([lines.join("\n")], { type: "text/csv" }),
    `errors-${view.state.run}-epoch-${answer.about.epoch}.csv`,
  )
}
