// Several runs as one store, so that the stage's cursor and replay move them all: its epochs are those of any of them,
// and a frame is the frame of each run that is nearest to the epoch.

import { nearestIndex } from "../stage/follower.js"
import { Store } from "../stage/store.js"

/** The epochs of all runs, each once, in their order. @param {number[][]} lists */
export const unionOf = (lists) => [...new Set(lists.flat())].sort((a, b) => a - b)

/** The epoch of a run that is shown at another one; undefined where it has none. */
export const epochAt = (epochs, epoch) => (epochs.length ? epochs[nearestIndex(epochs, epoch)] : undefined)

const REST_MS = 150
const RESTED_REACH = 3

/** Runs that are moved together. */
export class Band {
  /**
   * @param {string} base prefix of the routes
   * @param {{run: string, token: string}[]} runs
   * @param {() => void} changed called after anything new has come
   * @param {(place: object, changed: () => void) => object} open makes the store of a run
   */
  constructor(base, runs, changed, open = (...all) => new Store(...all)) {
    this.kept = new Map()
    this.queue = [] // epochs that are fetched ahead
    this.key = ""
    this.stores = runs.map(({ run, token }) => open({ base, run, token }, changed))
  }

  get frames() {
    return unionOf(this.stores.map((store) => store.frames))
  }

  get early() {
    return []
  }

  /** Counts restarts of any run. */
  get generation() {
    return this.stores.reduce((sum, store) => sum + store.generation, 0)
  }

  get isAtWork() {
    return this.stores.some((store) => store.isAtWork)
  }

  /** All runs that have frames have said what these share. */
  get isReady() {
    return this.stores.some((store) => store.frames.length && store.statics)
  }

  /** The frames of all runs at an epoch, the same object each time; null while one of them is on its way. */
  peek(epoch) {
    const frames = this.stores.map((store) => {
      const at = epochAt(store.frames, epoch)
      return at === undefined ? undefined : store.peek(at)
    })
    return frames.includes(null) ? null : this.join(epoch, frames)
  }

  async frame(epoch, { isShown = true } = {}) {
    const frames = await Promise.all(
      this.stores.map((store) => {
        const at = epochAt(store.frames, epoch)
        return at === undefined ? undefined : store.frame(at).catch(() => undefined)
      }),
    )
    return isShown ? this.join(epoch, frames) : null
  }

  join(epoch, frames) {
    const kept = this.kept.get(epoch)
    if (kept && frames.every((frame, i) => frame === kept.frames[i])) return kept
    const made = { epoch, frames }
    this.kept.clear() // only the newest is asked for again and again
    this.kept.set(epoch, made)
    return made
  }

  /** Fetch what is likely to be looked at next, once the cursor rests: the frames of all runs would keep every
   * connection busy, and the next move would wait behind them. */
  prefetch(index, reach = 3) {
    clearTimeout(this.resting)
    this.queue = []
    if (reach > RESTED_REACH) return this.fill(index, reach) // a replay goes on without a rest
    this.resting = setTimeout(() => this.fill(index, reach), REST_MS)
  }

  fill(index, reach) {
    const { frames } = this
    const wanted = Array.from({ length: reach }, (_, i) => [index + i + 1, index - i - 1]).flat()
    this.queue = wanted.map((at) => frames[at]).filter((epoch) => epoch !== undefined)
    this.pump()
  }

  /** One epoch of all runs at a time. */
  async pump() {
    if (this.isFilling) return
    this.isFilling = true
    while (this.queue.length) await this.frame(this.queue.shift(), { isShown: false })
    this.isFilling = false
  }

  destroy() {
    clearTimeout(this.resting)
    this.queue = []
    for (const store of this.stores) store.destroy()
  }
}
