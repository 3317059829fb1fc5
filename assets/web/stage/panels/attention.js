// Attention: what of a sentence the decoder looks at when it writes each piece of the translation.

import { el, percent, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

/** The map of one sentence: rows are pieces written, columns pieces read. */
function mapOf(frame, place) {
  const shapes = frame.words.attention_shapes
  const start = shapes.slice(0, place).reduce((sum, [rows, columns]) => sum + rows * columns, 0)
  const [rows, columns] = shapes[place]
  const [read, written] = frame.words.attention_pieces[place]
  const at = (row, column) => frame.attention.data[start + row * columns + column] / 255
  return { rows, columns, read, written, at }
}

const shown = (piece) => piece.trim() || (piece ? "␣" : tr("end"))

/** The piece that is looked at most, row by row: [written, read, share]. */
function strongest({ rows, columns, read, written, at }) {
  return Array.from({ length: rows }, (_, row) => {
    let best = 0
    for (let column = 1; column < columns; column++) if (at(row, column) > at(row, best)) best = column
    return [shown(written[row]), shown(read[best]), at(row, best)]
  })
}

export default {
  id: "attention",
  get title() {
    return tr("Attention")
  },
  create(root) {
    const choice = el("select", {
      class: "stage-input scenario-choice",
      "aria-label": tr("Sentence"),
      onchange: () => draw(true),
    })
    const table = el("table", { class: "scenario-attention" })
    const box = el("div", { class: "stage-scroll", tabindex: "0", role: "group" }, table)
    const said = el("p", { class: "stage-note" })
    root.head.append(choice)
    root.body.append(box)
    root.foot.append(said)
    let view = null,
      drawn = null

    function draw(isNew = false) {
      const { frame, statics } = view
      if (!frame?.attention || !statics?.scenario || (drawn === frame && !isNew)) return
      drawn = frame
      if (!choice.options.length)
        choice.append(...statics.scenario.sources.map((text, i) => el("option", { value: i }, text)))
      const map = mapOf(frame, Number(choice.value || 0))
      box.setAttribute("aria-label", tr("Attention of the translation to the sentence"))
      table.replaceChildren(
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            el("td", {}),
            ...map.read.map((piece) => el("th", { scope: "col" }, el("span", {}, shown(piece)))),
          ),
        ),
        el(
          "tbody",
          {},
          ...map.written.map((piece, row) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, shown(piece)),
              ...map.read.map((other, column) => {
                const share = map.at(row, column)
                return el("td", {
                  style: `--share: ${share.toFixed(3)}`,
                  title: tr("“{piece}” looks at “{other}” with {share}", {
                    piece: shown(piece),
                    other: shown(other),
                    share: percent(share, 0),
                  }),
                })
              }),
            ),
          ),
        ),
      )
      setText(said, tr("Rows: pieces written. Columns: pieces of the sentence. Darker: looked at more."))
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize() {},
      destroy() {},
      summary(next) {
        if (!next.frame?.attention || !next.statics?.scenario) return tr("Nothing has been translated yet.")
        const pairs = strongest(mapOf(next.frame, Number(choice.value || 0)))
        return tr("At epoch {epoch}, each piece written looks most at: {pairs}.", {
          epoch: next.frame.epoch,
          pairs: pairs.map(([one, other, share]) => `${one} → ${other} (${percent(share, 0)})`).join(", "),
        })
      },
    }
  },
}
