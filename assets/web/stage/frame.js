// What every panel of the stage has around it.

import { el, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { createWhy } from "./why.js"

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

/**
 * The sentence of a panel on the cursor's frame; "" where there is none. With the oracle on, that of the true classes.
 * @param {object} view what a panel is given
 * @param {string} id of the panel
 */
export function saidOf({ frame, oracle }, id) {
  const { said, said_with_truth: withTruth } = frame?.words ?? {}
  return (oracle?.isOn && withTruth?.[id]) || said?.[id] || ""
}

/**
 * A panel in its frame: title, explanation, tools, and the sentence of the epoch.
 * @param {{isSpoken?: boolean}} how isSpoken: screen readers say the sentence when a person moves the cursor
 */
export function framePanel(panel, ctx, { isSpoken = false } = {}) {
  const head = el("div", { class: "stage-tools" })
  const body = el("div", { class: "stage-body" })
  const foot = el("div", { class: "stage-foot" })
  // Always there for screen readers; the button in the explanation shows it to everybody.
  const text = el("p", { class: "stage-summary" })
  const toggle = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      "aria-pressed": "false",
      "aria-label": tr("Show the panel as text: {title}", { title: panel.title }),
      onclick: () => {
        const isOn = toggle.getAttribute("aria-pressed") !== "true"
        toggle.setAttribute("aria-pressed", String(isOn))
        text.classList.toggle("is-on", isOn)
      },
    },
    tr("Show the panel as text"),
  )
  const id = panel.says ?? panel.id
  const why = createWhy(
    { title: panel.title, explains: panel.explains ?? id },
    ctx,
    panel.isText ? [] : [toggle],
  )
  // What the numbers of the epoch come to; space for it is kept, so that nothing below jumps.
  const said = el("p", { class: "stage-said", "data-testid": "stage-said", hidden: panel.says === "" })
  const node = el(
    "section",
    { class: "stage-panel", "data-testid": `stage-panel-${panel.id}`, "aria-label": panel.title },
    el("header", { class: "stage-head" }, el("h3", {}, panel.title), why, head),
    said,
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
    // Not while epochs come by themselves: that would never be silent.
    if (isSpoken) {
      const isMoving = ctx.cursor.isReplaying || (view.isLive && ctx.store.isAtWork)
      setAttribute(said, "aria-live", isMoving ? "off" : "polite")
    }
    setText(said, saidOf(view, id))
    setText(text, made.summary(view))
  }
  return { id: panel.id, node, body, made, update }
}
