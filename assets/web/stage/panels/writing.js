// Writing: what a language model makes of a prompt at the cursor's epoch, and what it writes without one; of a masked
// model the guesses for hidden tokens.

import { el, percent } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"

const PLAIN = 0,
  RIGHT = 1

export default {
  id: "writing",
  get title() {
    return tr("Writing")
  },
  isText: true,
  create(root) {
    const body = el("div", { class: "stage-scroll stage-writing" })
    root.body.append(body)
    let drawn = null
    return {
      update(view) {
        if (!view.frame?.words || !view.statics || drawn === view.frame) return
        drawn = view.frame
        const { written, completed, filled } = view.frame.words
        if (filled?.length)
          body.replaceChildren(
            ...filled.map((line, i) =>
              filledText(line, i === 0 ? tr("Your text") : tr("Validation text {number}", { number: i })),
            ),
          )
        else if (written || completed) {
          body.replaceChildren(
            part(
              tr("Your prompt and the model's continuation"),
              el("span", { class: "stage-muted" }, view.statics.prompt ?? ""),
              el("strong", {}, completed),
            ),
            // In the middle of an epoch there is only the first.
            ...(written ? [part(tr("Without a prompt"), written)] : []),
          )
        } else
          body.replaceChildren(
            el("p", { class: "stage-muted" }, tr("This run keeps no samples of its writing.")),
          )
      },
      resize() {},
      destroy() {},
      summary(view) {
        const words = view.frame?.words
        if (!words) return tr("Nothing has been written yet.")
        if (words.filled?.length) {
          const hidden = words.filled.flat().filter(([, state, wanted]) => state !== PLAIN && wanted)
          return tr("At epoch {epoch} {count} of {all} hidden tokens shown are predicted correctly.", {
            epoch: view.frame.epoch,
            count: hidden.filter(([, state]) => state === RIGHT).length,
            all: hidden.length,
          })
        }
        return tr("At epoch {epoch}, after “{prompt}” the model writes: {text}", {
          epoch: view.frame.epoch,
          prompt: view.statics?.prompt ?? "",
          text: words.completed,
        })
      },
    }
  },
}

const part = (title, ...text) => el("section", {}, el("h4", {}, title), el("p", {}, ...text))

/** @param {string} wanted what was hidden, "" where nobody knows */
function sayGuess(isRight, wanted, share) {
  if (!wanted) return tr("{share} sure", { share })
  return isRight
    ? tr("right, {share} sure", { share })
    : tr("wrong, it was “{wanted}”, {share} sure", { wanted, share })
}

function filledText(line, title) {
  const pieces = line.map(([piece, state, wanted, p]) => {
    if (state === PLAIN) return el("span", {}, piece)
    const isRight = state === RIGHT
    const said = sayGuess(isRight, wanted, percent(p, 0))
    // An underline of its own kind beside the color: right is solid, wrong is wavy.
    return el(
      "mark",
      { class: isRight ? "is-right" : "is-wrong", title: said, "aria-label": `${piece}: ${said}` },
      piece,
    )
  })
  return part(title, ...pieces)
}
