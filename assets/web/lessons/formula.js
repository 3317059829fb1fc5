// A formula whose symbols open to numbers: those of one sample, at the epoch of the run that is on the screen.

import { brief, el, fixed, grouped, pictureOf } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { addStyles } from "./styles.js"

const MOST_NUMBERS = 32 // beyond, a picture says more

/**
 * @typedef {{called: string, samples?: number[][], shape?: number[], number?: number | null, note?: string, of_map?: boolean}} Value
 * @typedef {{run: string, epoch: number | null, labels: string[], symbols: Record<string, Value>}} Live
 * @param {{parentElement: HTMLElement, data: {assets: string, pieces: [string, string][], live: Live}}} component
 */
export function mount({ parentElement, data }) {
  addStyles(data.assets)
  const mark = JSON.stringify(data.pieces)
  if (parentElement.firstChild?.mark !== mark) {
    const formula = createFormula(data.pieces)
    formula.root.mark = mark
    formula.root.show = formula.show
    parentElement.replaceChildren(formula.root)
  }
  parentElement.firstChild.show(data.live)
}

function createFormula(pieces) {
  let live = null
  let chosen = ""
  let sample = 0
  const buttons = []
  let word = null // what stays in one line: a symbol with its brackets
  const line = el("p", { class: "lesson-line" })
  for (const [kind, piece] of inWords(pieces)) {
    if (kind === "space") line.append(piece)
    if (kind === "word") {
      word = el("span", { class: "lesson-word" })
      line.append(word)
    }
    if (kind === "text") word.append(piece)
    if (kind !== "symbol") continue
    const choose = () => {
      chosen = piece
      draw()
    }
    const button = el(
      "button",
      {
        type: "button",
        class: "lesson-symbol",
        "aria-pressed": "false",
        onclick: choose,
        onmouseenter: choose,
      },
      piece,
    )
    buttons.push(button)
    word.append(button)
  }
  const about = el("div", { "aria-live": "polite", "data-testid": "lesson-symbol" })
  const root = el("div", { class: "lesson-formula", "data-testid": "lesson-formula" }, line, about)

  function draw() {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === chosen))
    const value = live.symbols[chosen]
    about.replaceChildren(
      el("p", { class: "lesson-meaning" }, ...sayMeaning(chosen, value.called)),
      ...numbersOf(value),
    )
  }

  function numbersOf(value) {
    if (value.of_map)
      return [
        el(
          "p",
          {},
          value.number === null
            ? tr("Open the panel “Can I trust this map?” beside a map to have it measured.")
            : tr("{number} on this map.", { number: brief(value.number, 3) }),
        ),
      ]
    if (!live.run)
      return [
        el("p", {}, tr("Train a network, or open a run on the page Runs: its numbers are then shown here.")),
      ]
    if (live.epoch === null) return [el("p", {}, tr("The run has not measured anything yet."))]
    const note = value.note ? [el("p", {}, value.note)] : []
    if (value.number !== undefined)
      return [
        el(
          "p",
          {},
          tr("{value} at epoch {epoch} of this run.", {
            value: value.number === null ? "–" : brief(value.number, 4),
            epoch: live.epoch,
          }),
        ),
        ...note,
      ]
    if (!value.samples) return note
    const at = Math.min(sample, value.samples.length - 1)
    const numbers = value.samples[at]
    return [
      stepper(value.samples.length, at),
      value.shape?.length ? picture(numbers, value.shape) : grid(numbers),
    ]
  }

  function stepper(count, at) {
    const turn = (by, label) =>
      el(
        "button",
        {
          type: "button",
          "aria-label": label,
          title: label,
          onclick: () => {
            sample = (at + by + count) % count
            draw()
            about.querySelector(`[aria-label="${label}"]`).focus()
          },
        },
        by < 0 ? "‹" : "›",
      )
    const said = { number: at + 1, count, name: live.labels[at], epoch: live.epoch }
    return el(
      "div",
      { class: "lesson-stepper" },
      turn(-1, tr("Previous sample")),
      el(
        "span",
        {},
        said.name
          ? tr("Sample {number} of {count} ({name}), epoch {epoch}", said)
          : tr("Sample {number} of {count}, epoch {epoch}", said),
      ),
      turn(1, tr("Next sample")),
    )
  }

  return {
    root,
    show(now) {
      const before = JSON.stringify(live)
      live = now
      if (!chosen)
        chosen = Object.keys(now.symbols).find((name) => now.symbols[name].samples) ?? buttons[0].textContent
      // What is read with the pointer or a screen reader is not drawn anew for nothing.
      if (before !== JSON.stringify(now)) draw()
    },
  }
}

/**
 * Pieces between spaces as words, so that no bracket falls to the next line.
 * @param {[string, string][]} pieces ["text" | "symbol", piece]
 * @returns {[string, string][]} also ["word", ""] where one begins, and ["space", " "]
 */
export function inWords(pieces) {
  const found = [["word", ""]]
  for (const [kind, piece] of pieces) {
    if (kind === "symbol") found.push([kind, piece])
    else
      for (const part of piece.split(/( )/).filter(Boolean))
        found.push(
          ...(part === " "
            ? [
                ["space", " "],
                ["word", ""],
              ]
            : [["text", part]]),
        )
  }
  return found
}

/** "z is the code.", with the symbol in bold wherever a language puts it. */
function sayMeaning(symbol, meaning) {
  const parts = tr("{symbol} is {meaning}.", { meaning }).split("{symbol}")
  return parts.flatMap((part, i) => (i ? [el("b", {}, symbol), part] : [part]))
}

function picture(numbers, shape) {
  const bytes = Uint8Array.from(numbers, (value) => Math.round(255 * value))
  const canvas = pictureOf(bytes, 0, shape)
  const sum = numbers.reduce((total, value) => total + value, 0)
  return el(
    "div",
    { class: "lesson-picture" },
    canvas,
    el(
      "p",
      {},
      tr("{count} numbers, from {low} to {high}, {mean} on average.", {
        count: grouped(numbers.length),
        low: fixed(Math.min(...numbers), 2),
        high: fixed(Math.max(...numbers), 2),
        mean: fixed(sum / numbers.length, 2),
      }),
    ),
  )
}

function grid(numbers) {
  const most = Math.max(...numbers.map(Math.abs), 1e-9)
  const cells = numbers
    .slice(0, MOST_NUMBERS)
    .map((value) =>
      el(
        "span",
        { class: "lesson-number", style: `--share: ${Math.round((100 * Math.abs(value)) / most)}%` },
        fixed(value, 2),
      ),
    )
  const more = numbers.length - cells.length
  return el(
    "div",
    {},
    el("div", { class: "lesson-numbers" }, ...cells),
    more > 0 ? el("p", {}, tr("and {count} more.", { count: grouped(more) })) : null,
  )
}
