// Labels by class, and the metrics at the cursor, of all runs.

import { el, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { countsOf, rowsOf } from "../stage/panels/labels.js"
import { rowAt, say } from "./series.js"

/** Counts by class of a run at the cursor: [what they are called, counts]; [] where there are none. */
export function labelCounts(side) {
  const { frame, statics } = side
  const size = statics?.classes?.length
  const line = (array, row) => Array.from(array.data.subarray(row * size, (row + 1) * size))
  if (!size || !frame) return []
  if (frame.label_counts)
    return [
      [tr("true"), line(frame.label_counts, 0)],
      [tr("predicted"), line(frame.label_counts, 1)],
    ]
  if (frame.mix)
    return [
      [tr("proposed"), line(frame.mix, 1)],
      [tr("kept"), line(frame.mix, 2)],
    ]
  return []
}

export const labels = {
  id: "compare-labels",
  get title() {
    return tr("Labels by class")
  },
  explains: "labels",
  says: "",
  isFor: (view) => view.sides.some((side) => labelCounts(side).length),
  create(root) {
    const table = el("table", { class: "compare-table" })
    root.body.append(
      el(
        "div",
        { class: "stage-scroll", tabindex: "0", role: "group", "aria-label": tr("Labels by class") },
        table,
      ),
    )
    return {
      update(view) {
        const able = view.sides.filter((side) => labelCounts(side).length)
        const { classes } = able[0].statics
        const same = able.filter((side) => side.statics.classes.join("\n") === classes.join("\n"))
        const columns = same.flatMap((side) =>
          labelCounts(side).map(([kind, counts]) => [side, kind, counts]),
        )
        const shown = rowsOf(
          columns.map(([, , counts]) => counts),
          classes.map(() => 0),
        )
        const values = columns.map(([, , counts]) => countsOf(counts, shown))
        const most = Math.max(1, ...values.flatMap((counts) => counts.slice(0, shown.length)))
        const heads = [
          ...shown.map((i) => classes[i]),
          ...(shown.length < classes.length ? [tr("others")] : []),
        ]
        table.replaceChildren(
          el(
            "thead",
            {},
            el(
              "tr",
              {},
              el("th", { scope: "col" }, tr("Class")),
              ...columns.map(([side, kind]) =>
                el("th", { scope: "col" }, tr("Run {run}, {kind}", { run: side.number, kind })),
              ),
            ),
          ),
          el(
            "tbody",
            {},
            ...heads.map((head, i) =>
              el(
                "tr",
                {},
                el("th", { scope: "row" }, head),
                ...values.map((counts) =>
                  el(
                    "td",
                    { style: `--share:${Math.min(1, counts[i] / most).toFixed(3)}` },
                    String(counts[i]),
                  ),
                ),
              ),
            ),
          ),
        )
      },
      resize() {},
      destroy() {},
      summary(next) {
        const able = next.sides.filter((side) => labelCounts(side).length)
        const values = { count: able.length, epoch: next.cursor }
        return able.length === 1
          ? tr("Labels by class of one run at epoch {epoch}.", values)
          : tr("Labels by class of {count} runs at epoch {epoch}.", values)
      },
    }
  },
}

/** Places of the best value; none of equal ones, of a metric without a best, or where it would be unfair. */
export function bestPlaces(values, { better, unfair }) {
  const known = values.filter((value) => value !== null)
  if (unfair || !better || known.length < 2) return []
  const best = better === "higher" ? Math.max(...known) : Math.min(...known)
  if (known.every((value) => value === best)) return []
  return values.flatMap((value, i) => (value === best ? [i] : []))
}

/** Mean and deviation of a sample, as text: "0.91 ± 0.02 (n = 3)"; "–" of none. */
export function saySpread(name, values) {
  const known = values.filter((value) => value !== null)
  if (!known.length) return "–"
  const mean = known.reduce((a, b) => a + b, 0) / known.length
  if (known.length === 1) return `${say(name, mean)} (n = 1)`
  const sd = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1))
  return `${say(name, mean)} ± ${sd ? say(name, sd) : "0"} (n = ${known.length})`
}

/** "epoch 3", or "round 3". */
const sayAt = (epoch, isInRounds) =>
  isInRounds ? tr("round {round}", { round: epoch }) : tr("epoch {epoch}", { epoch })

export const metrics = {
  id: "compare-metrics",
  get title() {
    return tr("Metrics")
  },
  explains: "loss",
  says: "",
  create(root, ctx) {
    const table = el("table", { class: "compare-table", "data-testid": "compare-table" })
    const note = el("p", { class: "stage-note" })
    root.body.append(
      el(
        "div",
        { class: "stage-scroll", tabindex: "0", role: "group", "aria-label": tr("Metrics of each run") },
        table,
      ),
    )
    root.foot.append(note)
    const { measures, groups } = ctx

    function update(view) {
      const rows = view.sides.map((side) => rowAt(side.epochRows, view.cursor))
      const valuesOf = (name) =>
        view.sides.map((side, i) => {
          const found = rows[i]?.[name] ?? (name.startsWith("test_") ? side.state?.metrics?.[name] : null)
          return typeof found === "number" ? found : null
        })
      const lines = measures
        .map((one) => [one, valuesOf(one.name)])
        .filter(([, v]) => v.some((x) => x !== null))
      const best = lines.map(([one, values]) => bestPlaces(values, one))
      const cell = (text, isBest) =>
        isBest ? el("td", {}, el("strong", {}, text), el("small", {}, " ", tr("best"))) : el("td", {}, text)
      const line = (head, cells) => el("tr", {}, el("th", { scope: "row" }, ...head), ...cells)
      table.replaceChildren(
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            el("th", { scope: "col" }, tr("Run")),
            ...lines.map(([one]) =>
              el(
                "th",
                { scope: "col", title: one.unfair || null },
                one.title,
                one.unfair ? el("small", {}, " ", tr("(not ranked)")) : null,
              ),
            ),
          ),
        ),
        el(
          "tbody",
          {},
          ...view.sides.map((side, i) =>
            line(
              [`${side.number} `, el("small", {}, rows[i] ? sayAt(rows[i].epoch, ctx.isInRounds) : "")],
              lines.map(([one, values], at) => cell(say(one.name, values[i]), best[at].includes(i))),
            ),
          ),
          ...groups.map(({ places }) =>
            line(
              [places.map((place) => place + 1).join(", "), el("small", {}, " ", tr("over seeds"))],
              lines.map(([one, values]) =>
                cell(
                  saySpread(
                    one.name,
                    places.map((place) => values[place]),
                  ),
                ),
              ),
            ),
          ),
        ),
      )
      setText(
        note,
        groups.length
          ? tr("Over seeds: mean ± standard deviation of the runs that differ in their seed alone.")
          : "",
      )
    }
    return {
      update,
      resize() {},
      destroy() {},
      summary: (view) =>
        tr("Metrics of {count} runs at epoch {epoch}.", {
          count: view.sides.length,
          epoch: view.cursor ?? 0,
        }),
    }
  },
}
