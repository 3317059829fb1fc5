// What every panel of the stage has around it.

import { el, setText } from "../lib/dom.js"

/** A panel in its frame: title, tools, and the button that shows it as text. */
export function framePanel(panel, ctx) {
  const head = el("div", { class: "stage-tools" })
  const body = el("div", { class: "stage-body" })
  const foot = el("div", { class: "stage-foot" })
  // Always there for screen readers; "text" shows it to everybody.
  const text = el("p", { class: "stage-summary" })
  const toggle = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      "aria-pressed": "false",
      title: "Show this as text",
      "aria-label": `as text: ${panel.title}`,
      onclick: () => {
        const isOn = toggle.getAttribute("aria-pressed") !== "true"
        toggle.setAttribute("aria-pressed", String(isOn))
        text.classList.toggle("is-on", isOn)
      },
    },
    "as text",
  )
  const node = el(
    "section",
    { class: "stage-panel", "data-testid": `stage-panel-${panel.id}`, "aria-label": panel.title },
    el("header", { class: "stage-head" }, el("h3", {}, panel.title), head, panel.isText ? null : toggle),
    body,
    foot,
    text,
  )
  const made = panel.create({ head, body, foot }, ctx)
  /** Draws the panel, and hides one that has nothing to do with this run (`isFor`). */
  function update(view) {
    node.hidden = Boolean(panel.isFor && !panel.isFor(view))
    if (!view.state || node.hidden) return
    made.update(view)
    setText(text, made.summary(view))
  }
  return { node, body, made, update }
}
