// The map's other layout: UMAP of the same samples, made beside the training by the maps' process, epoch by epoch.

import { el, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { limitsOf } from "../../scatter/layout.js"

const ASK_MS = 800
const MOST_KEPT = 240

/**
 * A switch between PCA and UMAP.
 * @param {{store: object}} ctx
 * @param {() => void} changed called when another layout is to be drawn
 */
export function createUmap(ctx, changed) {
  const layouts = new Map() // epoch → {points: Float32Array} or {reason: string}
  let moved = null // scale and shift that bring the first layout to where the points are, so that they flow there
  let isOn = false
  let asked = null
  let timer = 0
  let isGone = false
  const said = el("span", { class: "stage-muted", role: "status" })
  const button = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      "aria-pressed": "false",
      title: tr(
        "Lay the samples out by UMAP, which keeps neighbors together; each epoch begins from the one before",
      ),
      "data-testid": "map-umap",
      onclick: () => {
        isOn = !isOn
        button.setAttribute("aria-pressed", String(isOn))
        moved = null
        if (!isOn) say("")
        changed()
      },
    },
    "UMAP",
  )

  const say = (text) => setText(said, text)

  async function ask(epoch) {
    if (isGone || asked !== epoch || !isOn) return
    const { arrays, about, error } = await ctx.store.tool("umap", { epoch })
    if (isGone || asked !== epoch || !isOn) return
    if (error) {
      asked = null
      return say(error)
    }
    if (arrays.map || about.reason) {
      asked = null
      layouts.set(epoch, arrays.map ? { points: arrays.map.data } : { reason: about.reason })
      if (layouts.size > MOST_KEPT) layouts.delete(layouts.keys().next().value)
      return changed()
    }
    say(tr("UMAP on its way: {made} of {total} epochs", about))
    timer = setTimeout(() => ask(epoch), ASK_MS)
  }

  return {
    button,
    said,
    get isOn() {
      return isOn
    },
    /**
     * x, y, x, y … of the frame's samples, or null until they come: then the last layout stays.
     * @param {{epoch: number, step?: number}} frame
     * @param {number[] | null} limits of what is shown
     */
    placesOf(frame, limits) {
      if (frame.step) {
        say(tr("UMAP begins with the first whole epoch."))
        return null
      }
      const found = layouts.get(frame.epoch)
      if (found) {
        asked = null
        clearTimeout(timer)
        say(found.reason ?? "")
        if (!found.points) return null
        moved ??= movementTo(limits, limitsOf(found.points))
        return found.points.map((value, i) => value * moved.scale + moved.shift[i & 1])
      }
      if (asked !== frame.epoch) {
        asked = frame.epoch
        clearTimeout(timer)
        ask(frame.epoch)
      }
      return null
    },
    destroy() {
      isGone = true
      clearTimeout(timer)
    },
  }
}

/**
 * What brings one box into the middle of another, its shape kept.
 * @param {number[] | null} to x0, y0, x1, y1
 * @param {number[]} from
 * @returns {{scale: number, shift: number[]}}
 */
export function movementTo(to, from) {
  if (!to) return { scale: 1, shift: [0, 0] }
  const side = (box) => Math.max(box[2] - box[0], box[3] - box[1], 1e-9)
  const middle = (box, axis) => (box[axis] + box[axis + 2]) / 2
  const scale = side(to) / side(from)
  return { scale, shift: [0, 1].map((axis) => middle(to, axis) - scale * middle(from, axis)) }
}
