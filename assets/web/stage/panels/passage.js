// The passage of a validation question: how likely the answer starts and ends at each token, at the cursor's epoch.

import { el, percent, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

const STRONGEST = 0.62 // opacity of a token that is certain: its letters stay readable
const FAINT = 0.01 // probability below which a token is not shaded

/** Square roots, so that small probabilities are seen as well. */
const shade = (share) => (share < FAINT ? 0 : STRONGEST * Math.sqrt(share))

/** The place of the reference answer: [start, end) in characters, null where it is not found. */
function placeOf(passage, answer) {
  const at = passage.indexOf(answer)
  if (at < 0) return null
  const start = [...passage.slice(0, at)].length
  return [start, start + [...answer].length]
}

/**
 * The passage in pieces: its tokens, and what is between them.
 * @param {string} passage
 * @param {[number, number][]} spans characters of each token
 * @returns {{text: string, token: number, start: number}[]} token −1 between two of them
 */
export function piecesOf(passage, spans) {
  const letters = [...passage],
    found = []
  let at = 0
  for (const [token, [start, end]] of spans.entries()) {
    if (start > at) found.push({ text: letters.slice(at, start).join(""), token: -1, start: at })
    if (end > start) found.push({ text: letters.slice(start, end).join(""), token, start })
    at = Math.max(at, end)
  }
  if (at < letters.length) found.push({ text: letters.slice(at).join(""), token: -1, start: at })
  return found
}

/** Colors a token by how likely the answer starts, and ends, there. */
function shadeToken(node, start, end) {
  if (start < FAINT && end < FAINT) return
  node.classList.add("scenario-token")
  node.style.setProperty("--starts", shade(start))
  node.style.setProperty("--ends", shade(end))
  node.title = tr("starts here {start}, ends here {end}", {
    start: percent(start, 0),
    end: percent(end, 0),
  })
}

export default {
  id: "passage",
  get title() {
    return tr("Passage")
  },
  isText: true,
  create(root) {
    const choice = el("select", {
      class: "stage-input scenario-choice",
      "aria-label": tr("Question"),
      "data-testid": "passage-question",
      onchange: () => draw(),
    })
    const question = el("p", { class: "scenario-question" })
    const text = el("p", { class: "scenario-passage", "data-testid": "passage-text" })
    const box = el(
      "div",
      { class: "stage-scroll", tabindex: "0", role: "group", "aria-label": tr("Passage") },
      question,
      text,
    )
    const said = el("p", { class: "stage-note", "data-testid": "passage-answer" })
    const legend = el(
      "p",
      { class: "stage-note scenario-legend" },
      el("span", { class: "scenario-starts" }, tr("answer starts")),
      el("span", { class: "scenario-ends" }, tr("answer ends")),
      el("span", { class: "scenario-found" }, tr("found")),
      el("span", { class: "scenario-true" }, tr("reference")),
    )
    root.head.append(choice)
    root.body.append(box)
    root.foot.append(said, legend)
    let view = null

    const chosen = () => Number(choice.value || 0)

    function draw() {
      const words = view?.frame?.words,
        scenario = view?.statics?.scenario
      if (!words?.start || !scenario?.passages) return
      if (!choice.options.length)
        choice.append(...scenario.questions.map((one, i) => el("option", { value: i }, one)))
      const i = chosen(),
        passage = scenario.passages[i],
        [first, last] = words.found[i],
        reference = placeOf(passage, scenario.answers[i][0])
      setText(question, scenario.questions[i])
      const all = piecesOf(passage, scenario.spans[i])
      const inside = all.map((_, at) => at).filter((at) => all[at].token >= first && all[at].token <= last)
      const nodes = all.map((piece) => {
        const isTrue = reference && piece.start >= reference[0] && piece.start < reference[1]
        if (piece.token < 0 && !isTrue) return piece.text
        const node = el("span", { class: isTrue ? "scenario-true" : "" }, piece.text)
        if (piece.token >= 0) shadeToken(node, words.start[i][piece.token], words.end[i][piece.token])
        return node
      })
      const from = inside[0] ?? 0,
        to = (inside.at(-1) ?? -1) + 1
      text.replaceChildren(
        ...nodes.slice(0, from),
        el("span", { class: "scenario-found" }, ...nodes.slice(from, to)),
        ...nodes.slice(to),
      )
      setText(said, describe())
    }

    function describe() {
      const words = view?.frame?.words,
        scenario = view?.statics?.scenario
      if (!words?.answered || !scenario?.passages) return tr("No question has been answered yet.")
      const i = chosen()
      return tr("“{text}” with a probability of {share}; the reference is “{answer}”.", {
        text: words.answered[i] || "…",
        share: percent(words.sure[i], 0),
        answer: scenario.answers[i][0],
      })
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize() {},
      destroy() {},
      summary(next) {
        view = next
        const scenario = next.statics?.scenario
        if (!next.frame?.words?.answered || !scenario?.passages)
          return tr("No question has been answered yet.")
        return tr("At epoch {epoch}, the answer to “{question}” is: {text}", {
          epoch: next.frame.epoch,
          question: scenario.questions[chosen()],
          text: describe(),
        })
      },
    }
  },
}
