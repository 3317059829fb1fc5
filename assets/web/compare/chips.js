// The runs of a comparison by their numbers: the line of their curves, a link, and what has become of them.

import { el, icon } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { lookOf } from "./series.js"

const BORDERS = { solid: "solid", dot: "dotted" }

/**
 * @param {{run: string, name: string, address: string}} about
 * @param {number} place from 0
 * @param {(run: string) => void} open
 * @param {?(run: string) => void} remove null where none can be removed
 */
export function createChip(about, place, open, remove) {
  const { color, dash } = lookOf(place)
  const status = el("span", { class: "stage-muted" })
  const node = el(
    "li",
    { class: "compare-run" },
    el("i", { class: "compare-key", style: `border-top: 3px ${BORDERS[dash] ?? "dashed"} ${color}` }),
    el("b", {}, String(place + 1)),
    el(
      "a",
      {
        href: about.address,
        "data-testid": `compare-open-${place + 1}`,
        onclick: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return // in another tab
          event.preventDefault()
          open(about.run)
        },
      },
      about.name,
    ),
    status,
    remove &&
      el(
        "button",
        {
          class: "stage-chip",
          type: "button",
          "aria-label": tr("Remove run {run}", { run: place + 1 }),
          title: tr("Remove from the comparison"),
          onclick: () => remove(about.run),
        },
        icon("close"),
      ),
  )
  return { node, status }
}

const statuses = () => ({
  queued: tr("queued"),
  starting: tr("starting"),
  running: tr("running"),
  paused: tr("paused"),
  finished: tr("finished"),
  stopped: tr("stopped"),
  failed: tr("failed"),
  interrupted: tr("interrupted"),
})

/** "running, epoch 3 of 12" */
export function statusOf({ status, epoch, epochs, task }) {
  const said = statuses()[status] ?? status
  return task === "pseudo"
    ? tr("{status}, round {round} of {rounds}", { status: said, round: epoch, rounds: epochs })
    : tr("{status}, epoch {epoch} of {epochs}", { status: said, epoch, epochs })
}
