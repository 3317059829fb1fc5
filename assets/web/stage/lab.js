// The lab: tabs under the panels, each a way to try the run's network out at the cursor's epoch.

import { el, setText } from "../lib/dom.js"
import { partsOf, withTerms } from "../lib/terms.js"
import { tr } from "../lib/words.js"
import { saidOf } from "./frame.js"
import code from "./tabs/code.js"
import explore from "./tabs/explore.js"
import family from "./tabs/family.js"
import inside from "./tabs/inside.js"
import repair from "./tabs/repair.js"
import unexplained from "./tabs/unexplained.js"
import useful from "./tabs/useful.js"
import { loadWords } from "./why.js"

const TABS = [explore, repair, unexplained, useful, family, inside, code]
const TASKS = ["autoencoder", "views"]
const REMEMBERED = "studio-lab-tab"

/** A text without the marks of its terms. */
const plain = (text) =>
  partsOf(text)
    .map((part) => part.text)
    .join("")

/**
 * The tabs that fit a task; each is made when it is first opened.
 * @param {object} ctx store, cursor and what the stage shares
 */
export function createLab(ctx, task = "autoencoder") {
  const list = el("div", { class: "lab-tabs", role: "tablist", "aria-label": tr("Try the network") })
  const bodies = el("div", {})
  const kept = el("p", { class: "stage-muted", role: "status", "data-testid": "lab-kept", hidden: true })
  const root = el(
    "section",
    { class: "lab", "data-testid": "lab", "aria-label": tr("Try the network"), hidden: true },
    list,
    kept,
    bodies,
  )
  const made = new Map()
  let chosen = "",
    view = null

  const buttons = TABS.map((tab) =>
    el(
      "button",
      {
        class: "lab-tab",
        type: "button",
        role: "tab",
        id: `lab-tab-${tab.id}`,
        "aria-controls": `lab-body-${tab.id}`,
        "aria-selected": "false",
        tabindex: "-1",
        "data-testid": `lab-tab-${tab.id}`,
        title: plain(tab.help),
        onclick: () => choose(tab.id),
      },
      tab.title,
    ),
  )
  list.append(...buttons)
  list.addEventListener("keydown", (event) => {
    const shown = TABS.filter((_, i) => !buttons[i].hidden)
    const at = shown.findIndex((tab) => tab.id === chosen)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const next = shown[(to + shown.length) % shown.length]
    choose(next.id)
    buttons[TABS.indexOf(next)].focus()
  })

  function choose(id) {
    chosen = id
    try {
      sessionStorage.setItem(REMEMBERED, id)
    } catch {
      /* private windows */
    }
    TABS.forEach((tab, i) => {
      const isOn = tab.id === id
      buttons[i].setAttribute("aria-selected", String(isOn))
      buttons[i].tabIndex = isOn ? 0 : -1
      const there = made.get(tab.id)
      if (there) there.node.hidden = !isOn
    })
    if (!made.has(id)) {
      const tab = TABS.find((t) => t.id === id)
      const body = el("div", { class: "lab-content" })
      const said = el("p", { class: "lab-said", "data-testid": "lab-said", hidden: !tab.says })
      const node = el(
        "div",
        {
          role: "tabpanel",
          id: `lab-body-${id}`,
          "aria-labelledby": `lab-tab-${id}`,
          "data-testid": `lab-body-${id}`,
        },
        helpOf(tab.help),
        said,
        body,
      )
      bodies.append(node)
      made.set(id, { node, said, says: tab.says, part: tab.create({ body }, ctx) })
    }
    if (view) updateTab(id)
  }

  /** A tab's help; its terms open their definition once these are loaded. */
  function helpOf(help) {
    const root = el("div", { class: "lab-help" }, el("p", {}, plain(help)))
    const isMarked = partsOf(help).some(({ term }) => term)
    if (isMarked)
      loadWords(ctx.assets).then(
        ({ glossary }) => root.replaceChildren(...withTerms(help, glossary)),
        () => {}, // the help stands without them
      )
    return root
  }

  function updateTab(id) {
    const { part, said, says } = made.get(id)
    part.update(view)
    if (says) setText(said, saidOf(view, says))
  }

  return {
    root,
    update(next) {
      view = next
      if (view.isLive) kept.hidden = true
      root.hidden = !TASKS.includes(task) || !view.state || !view.statics || !view.frame
      if (root.hidden) return
      TABS.forEach((tab, i) => {
        buttons[i].hidden = !tab.isFor(view.state)
      })
      let wish = chosen
      try {
        wish ||= sessionStorage.getItem(REMEMBERED) ?? ""
      } catch {
        /* private windows */
      }
      const isThere = TABS.some((tab, i) => tab.id === wish && !buttons[i].hidden)
      const id = isThere ? wish : TABS.find((_, i) => !buttons[i].hidden).id
      if (id !== chosen) choose(id)
      else updateTab(id)
    },
    /** Which epoch's weights an answer came from. */
    answered(wanted, epoch) {
      kept.hidden = epoch === wanted
      if (!kept.hidden)
        setText(
          kept,
          tr("Made with the weights of epoch {epoch}, the closest to epoch {wanted} that was kept.", {
            epoch,
            wanted,
          }),
        )
    },
    resize() {
      made.get(chosen)?.part.resize?.()
    },
    destroy() {
      for (const { part } of made.values()) part.destroy?.()
    },
  }
}
