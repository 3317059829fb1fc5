// Beside: a run that was broken on purpose and its intact one, in two columns under the one cursor. The other run has a store
// of its own and follows; its panels are those of the stage.

import { el, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { inline, lastCommon, sayBeside } from "./beside_words.js"
import { Follower } from "./follower.js"
import { framePanel } from "./frame.js"
import { gaugePanel } from "./panels/gauge.js"
import map from "./panels/map.js"
import spectrum from "./panels/spectrum.js"
import sphere from "./panels/sphere.js"

const RETRY_MS = 2000
const PAIRS = [
  sphere,
  {
    ...map,
    get title() {
      return tr("Map")
    },
  },
  spectrum,
]
const SIDES = ["intact", "broken"]

const sayRun = (side) => (side === "intact" ? tr("intact") : tr("broken"))

/** What the button says that shows a run beside this one. */
export const labelOf = ({ kind, title }) =>
  kind === "intact" ? tr("Beside the intact run") : tr("Beside: {run}", { run: inline(title) })

/**
 * The buttons, one for each run that differs from this one in a single safeguard, and the view that they open.
 * @param {object} ctx store, cursor and what the stage shares
 * @param {{wish: string, chosen: (run: string) => void, resized: (node: HTMLElement) => void}} hooks
 *   wish: run to show from the start; chosen: told of each choice, "" for none; resized: watches a panel's size
 */
export function createBeside(ctx, { wish, chosen, resized }) {
  const buttons = el("div", {
    class: "beside-buttons",
    role: "group",
    "aria-label": tr("Another run beside"),
  })
  const said = el("p", { class: "beside-said", role: "status", "data-testid": "beside-said" })
  const grid = el("div", { class: "beside-grid" })
  const root = el(
    "section",
    { class: "beside", "data-testid": "beside", "aria-label": tr("Intact and broken"), hidden: true },
    buttons,
    said,
    grid,
  )
  let members = [],
    wanted = wish,
    shown = null, // {about, follower, panels, isBroken}
    timer = null,
    isGone = false

  async function read() {
    clearTimeout(timer)
    try {
      const response = await ctx.store.ask("family")
      if (!response.ok) throw new Error(String(response.status))
      members = (await response.json()).members
    } catch {
      if (!isGone) timer = setTimeout(read, RETRY_MS)
      return
    }
    if (isGone) return
    offer()
    show()
  }

  function offer() {
    root.hidden = !members.length
    buttons.replaceChildren(
      ...members.map((member) =>
        el(
          "button",
          {
            class: "stage-chip",
            type: "button",
            "aria-pressed": "false",
            "data-testid": "beside-button",
            "data-run": member.run,
            title: tr("Show {name} at the same epoch", { name: member.name }),
            onclick: () => choose(wanted === member.run ? "" : member.run),
          },
          labelOf(member),
        ),
      ),
    )
  }

  function choose(run) {
    wanted = run
    chosen(run)
    show()
  }

  function show() {
    for (const button of buttons.children)
      button.setAttribute("aria-pressed", String(button.dataset.run === wanted))
    const about = members.find((member) => member.run === wanted)
    if (about?.run !== shown?.about.run) {
      close()
      if (about) open(about)
    }
    ctx.draw()
  }

  function open(about) {
    const follower = new Follower({ base: ctx.store.base, run: about.run, token: about.token }, ctx.draw)
    const { store } = follower
    const other = {
      ...ctx,
      store,
      tool: (name, body) => store.tool(name, { epoch: follower.frame?.epoch ?? null, ...body }),
    }
    const isBroken = about.kind === "intact" // as seen from this run, the other one is intact
    const contexts = isBroken ? [other, ctx] : [ctx, other]
    const gauges = [
      gaugePanel("beside-useful", tr("Is it useful?"), (view) =>
        hasProbe(view) ? "probe_accuracy" : "rankme",
      ),
      gaugePanel("beside-gauge", tr("Does it collapse?"), () => about.gauge),
    ].map((panel) => framePanel(panel, ctx))
    const pairs = PAIRS.map((panel) =>
      SIDES.map((side, i) =>
        framePanel(
          {
            ...panel,
            says: panel.id,
            id: `beside-${panel.id}-${side}`,
            title: `${panel.title}, ${sayRun(side)}`,
          },
          contexts[i],
        ),
      ),
    )
    const lines = [gauges, ...pairs].map((both) =>
      el("div", { class: "beside-pair" }, ...both.map((panel) => panel.node)),
    )
    shown = { about, follower, gauges, pairs, lines, isBroken }
    grid.replaceChildren(...lines)
    for (const panel of all()) resized(panel.body)
  }

  const all = () => (shown ? [...shown.gauges, ...shown.pairs.flat()] : [])

  function close() {
    shown?.follower.destroy()
    for (const { made } of all()) made.destroy()
    shown = null
    grid.replaceChildren()
    setText(said, "")
  }

  read()
  return {
    root,
    get isOn() {
      return shown !== null
    },
    /** Have another run beside this one, or none (""), as Python asks for. */
    wish(run) {
      if (run !== wanted) choose(run)
    },
    update(view) {
      if (!shown || !view.state) return
      const { about, follower, gauges, pairs, lines, isBroken } = shown
      follower.follow(view.cursor)
      const other = follower.viewFrom(view)
      const views = (isBroken ? [other, view] : [view, other]).map((one, i, both) => ({
        ...one,
        peer: both[1 - i].frame, // what is drawn beside has the same scale
      }))
      const both = { ...view, sides: { intact: views[0], broken: views[1] }, break: about }
      for (const panel of gauges) panel.update(both)
      for (const pair of pairs) pair.forEach((panel, i) => panel.update(views[i]))
      // A sphere is there for both or for none; an empty line would leave a gap.
      lines.slice(1).forEach((line, i) => {
        line.hidden = pairs[i].every((panel) => panel.node.hidden)
      })
      setText(said, wordsOf(about, views, view.cursor))
      Object.assign(root.dataset, {
        intact: views[0].frame?.epoch ?? "",
        broken: views[1].frame?.epoch ?? "",
      })
    },
    resize() {
      for (const { made } of all()) made.resize()
    },
    destroy() {
      isGone = true
      clearTimeout(timer)
      close()
    },
  }
}

const hasProbe = (view) => view.epochRows.some((row) => typeof row.probe_accuracy === "number")

/**
 * The sentence on the last epoch up to the cursor that both have, or why there is none; "" until both are loaded.
 * @param {{title: string, gauge: string}} about
 * @param {object[]} views of the intact and of the broken run
 */
export function wordsOf(about, views, cursor) {
  if (views.some((view) => !view.state)) return ""
  const rows = lastCommon(...views.map((view) => view.epochRows), cursor ?? undefined)
  if (rows) return sayBeside(about, ...rows)
  const late = views.findIndex((view) => !view.epochRows.length)
  if (late < 0) return ""
  const isIntact = SIDES[late] === "intact"
  if (views[late].state.status === "queued")
    return isIntact ? tr("The intact run waits in the queue.") : tr("The broken run waits in the queue.")
  return isIntact
    ? tr("The intact run has not measured anything yet.")
    : tr("The broken run has not measured anything yet.")
}
