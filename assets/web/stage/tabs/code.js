// Code: the run as a script that stands alone.

import { el, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { asker } from "../asking.js"
import { saveFile, toggle } from "../controls.js"

export default {
  id: "code",
  get title() {
    return tr("Code")
  },
  get help() {
    return tr("This run as a short script that ends with the same losses, to read, change and run elsewhere.")
  },
  isFor: (state) => state.task !== "views",
  create(root, ctx) {
    let view = null,
      text = ""
    const kind = toggle(
      tr("Library"),
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
            setText(copy, tr("copied"))
          } catch {
            setText(copy, tr("not allowed here"))
          }
          setTimeout(() => setText(copy, tr("copy")), 1500)
        },
      },
      tr("copy"),
    )
    const save = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        onclick: () => saveFile(new Blob([text], { type: "text/x-python" }), "train.py"),
      },
      tr("download .py"),
    )
    const zip = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "data-testid": "code-zip",
        onclick: async () => {
          setText(zip, tr("preparing …"))
          try {
            const response = await ctx.store.ask("script.zip")
            if (response.ok) saveFile(await response.blob(), `run-${view.state.run}.zip`)
            else ctx.tell((await response.json()).error)
          } catch {
            ctx.tell(tr("The server did not answer. Try again."))
          }
          setText(zip, tr("Script and data (ZIP)"))
        },
      },
      tr("Script and data (ZIP)"),
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
