// Code: the run as a script that stands alone.

import { el, setText } from "../../lib/dom.js"
import { asker } from "../asking.js"
import { saveFile, toggle } from "../controls.js"

export default {
  id: "code",
  title: "Code",
  help: "This run as a short script that ends with the same losses, to read, change and run elsewhere.",
  isFor: (state) => state.task !== "views",
  create(root, ctx) {
    let view = null,
      text = ""
    const kind = toggle(
      "Library",
      [
        ["pytorch", "PyTorch"],
        ["keras", "Keras"],
      ],
      () => {
        if (view) update(view)
      },
    )
    const copy = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        onclick: async () => {
          try {
            await navigator.clipboard.writeText(text)
            setText(copy, "copied")
          } catch {
            setText(copy, "not allowed here")
          }
          setTimeout(() => setText(copy, "copy"), 1500)
        },
      },
      "copy",
    )
    const save = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        onclick: () => saveFile(new Blob([text], { type: "text/x-python" }), "train.py"),
      },
      "download .py",
    )
    const zip = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "data-testid": "code-zip",
        onclick: async () => {
          setText(zip, "preparing …")
          try {
            const response = await ctx.store.ask("script.zip")
            if (response.ok) saveFile(await response.blob(), `run-${view.state.run}.zip`)
            else ctx.tell((await response.json()).error)
          } catch {
            ctx.tell("The server did not answer. Try again.")
          }
          setText(zip, "Script and data (ZIP)")
        },
      },
      "Script and data (ZIP)",
    )
    root.body.append(el("div", { class: "lab-row" }, kind.root, copy, save, zip))
    const part = asker(root.body, ({ about }, target) => {
      text = about.text
      target.replaceChildren(
        el("p", { class: "stage-muted" }, about.note),
        el("pre", { class: "lab-code", tabindex: "0", "data-testid": "code-text" }, el("code", {}, text)),
      )
    })
    function update(next) {
      view = next
      part.want(kind.value, () => ctx.tool("script", { kind: kind.value }))
    }
    return { update, resize() {}, destroy() {} }
  },
}
