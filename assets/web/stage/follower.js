// Another run that follows the stage's cursor: its store, and its frame that is nearest to the cursor's epoch.

import { latest } from "./asking.js"
import { Store } from "./store.js"

/** Index of the epoch that is nearest to another; the earlier one of two. */
export const nearestIndex = (epochs, epoch) =>
  epochs.reduce((best, e, i) => (Math.abs(e - epoch) < Math.abs(epochs[best] - epoch) ? i : best), 0)

/** A run whose frame is always that of somebody else's epoch, as far as it is there. */
export class Follower {
  /**
   * @param {{base: string, run: string, token: string}} place
   * @param {() => void} changed called when there is something new to draw
   * @param {(place: object, changed: () => void) => object} open makes the store
   */
  constructor(place, changed, open = (...all) => new Store(...all)) {
    this.changed = changed
    this.frame = null
    this.wanted = null
    this.ask = latest()
    this.store = open(place, changed)
  }

  /** Go to the frame that is nearest to an epoch; at once where it is at hand. */
  follow(epoch) {
    const { store } = this
    if (!store.frames.length || epoch === null || epoch === undefined) return
    const index = nearestIndex(store.frames, epoch)
    const wanted = store.frames[index]
    if (store.generation !== this.generation) this.wanted = null // the run was resumed: all frames are new
    this.generation = store.generation
    if (wanted === this.wanted) return
    this.wanted = wanted
    const kept = store.peek(wanted)
    if (kept) this.frame = kept
    else this.fetch(wanted)
    store.prefetch(index)
  }

  async fetch(epoch) {
    const frame = await this.ask(() => (this.isGone ? null : this.store.frame(epoch)))
    if (this.isGone || this.wanted !== epoch) return
    this.wanted = frame ? epoch : null // without an answer the next look asks again
    if (!frame) return
    this.frame = frame
    this.changed()
  }

  /** What a panel is given of this run, in the theme and at the cursor of another view. */
  viewFrom(view) {
    const { store, frame } = this
    const epochRows = store.epochRows ?? []
    return {
      ...view,
      state: store.state,
      rows: store.rows,
      epochRows,
      earlyRows: [],
      frames: store.frames,
      statics: store.statics,
      frame: store.statics ? frame : null,
      row: epochRows.find((row) => row.epoch === frame?.epoch),
    }
  }

  destroy() {
    this.isGone = true
    this.store.destroy()
  }
}
