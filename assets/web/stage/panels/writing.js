// Writing: what a language model makes of a prompt at the cursor's epoch, and what it writes without one; of a masked
// model the guesses for hidden tokens.

import { el, percent } from "../../lib/dom.js"

const PLAIN = 0,
  RIGHT = 1

export default {
  id: "writing",
  title: "Writing",
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
            ...filled.map((line, i) => filledText(line, i === 0 ? "Your text" : `Validation text ${i}`)),
          )
        else if (written || completed) {
          body.replaceChildren(
            part(
              "Your prompt and the model's continuation",
              el("span", { class: "stage-muted" }, view.statics.prompt ?? ""),
              el("strong", {}, completed),
            ),
            // In the middle of an epoch there is only the first.
            ...(written ? [part("Without a prompt", written)] : []),
          )
        } else
          body.replaceChildren(el("p", { class: "stage-muted" }, "This run keeps no samples of its writing."))
      },
      resize() {},
      destroy() {},
      summary(view) {
        const words = view.frame?.words
        if (!words) return "Nothing has been written yet."
        if (words.filled?.length) {
          const hidden = words.filled.flat().filter(([, state, wanted]) => state !== PLAIN && wanted)
          return `At epoch ${view.frame.epoch} ${hidden.filter(([, state]) => state === RIGHT).length} of ${hidden.length} hidden tokens shown are predicted correctly.`
        }
        return `At epoch ${view.frame.epoch}, after “${view.statics?.prompt ?? ""}” the model writes: ${words.completed}`
      },
    }
  },
}

const part = (title, ...text) => el("section", {}, el("h4", {}, title), el("p", {}, ...text))

function filledText(line, title) {
  const pieces = line.map(([piece, state, wanted, p]) => {
    if (state === PLAIN) return el("span", {}, piece)
    const isRight = state === RIGHT
    const said = wanted
      ? `${isRight ? "right" : `wrong, it was “${wanted}”`}, ${percent(p, 0)} sure`
      : `${percent(p, 0)} sure`
    // An underline of its own kind beside the color: right is solid, wrong is wavy.
    return el(
      "mark",
      { class: isRight ? "is-right" : "is-wrong", title: said, "aria-label": `${piece}: ${said}` },
      piece,
    )
  })
  return part(title, ...pieces)
}
