// The one cursor: which epoch everything shows. "Live" is its right end; the replay is a cursor that moves by itself.

import { earlyKey } from "./store.js"

const REPLAY_MS = 100
const REST_MS = 400
const RETRY_MS = 1000

/** Which epoch is shown, and moving it: by hand, with the training (live), or by replay. */
export class Cursor {
  /**
   * @param {import("./store.js").Store} store
   * @param {{draw: () => void, rested: (epoch: number | null) => void}} hooks
   */
  constructor(store, hooks, epoch) {
    this.store = store
    this.hooks = hooks
    this.isLive = epoch === null || epoch === undefined
    this.epoch = this.isLive ? null : epoch
    this.frame = null
    this.speed = 1
    this.isReplaying = false
    this.reported = this.isLive ? null : epoch
    this.asked = 0
    this.drawn = 0
    this.wanted = null
    this.fetching = 0
  }

  /** Index of the available frame that is nearest to the cursor. */
  get index() {
    const frames = this.store.frames
    if (!frames.length) return -1
    if (this.isLive || this.epoch === null) return frames.length - 1
    let best = 0
    frames.forEach((epoch, i) => {
      if (Math.abs(epoch - this.epoch) < Math.abs(frames[best] - this.epoch)) best = i
    })
    return best
  }

  /** After new frames came: follow them when live, playing a few new ones one after the other. */
  follow() {
    const frames = this.store.frames
    if (!frames.length) return
    if (!this.isLive) {
      if (!this.frame || this.generation !== this.store.generation) this.show(frames[this.index])
      return
    }
    const newest = frames[frames.length - 1]
    // Until the first epoch is done, "live" is the newest of its steps that were looked at. The cursor itself knows
    // whole epochs only, so these frames are not shown again later.
    const early = newest === 0 ? this.store.early[this.store.early.length - 1] : undefined
    if (early !== undefined) {
      const isNew = this.frame?.step !== early || this.generation !== this.store.generation
      if (isNew) this.show(earlyKey(early))
      return
    }
    // A resumed run may have been cut back behind what is shown.
    const isShown =
      this.frame && this.generation === this.store.generation && frames.includes(this.frame.epoch)
    const fresh = isShown ? frames.filter((epoch) => epoch > this.frame.epoch) : [newest]
    if (!fresh.length) return
    const steps = fresh.length <= 6 && !document.hidden ? fresh : [newest]
    clearInterval(this.flow)
    for (const epoch of steps) this.store.frame(epoch).catch(() => null)
    this.show(steps.shift())
    if (!steps.length) return
    this.flow = setInterval(
      () => {
        if (!this.isLive || !steps.length) clearInterval(this.flow)
        else this.show(steps.shift())
      },
      900 / (steps.length + 1),
    )
  }

  goLive() {
    this.stopReplay()
    this.isLive = true
    this.epoch = null
    const frames = this.store.frames
    if (frames.length) this.show(frames[frames.length - 1])
    this.report()
  }

  /** Move to the frame with this index; the right end of a running run is "live". */
  moveTo(index, { keepReplay = false } = {}) {
    const frames = this.store.frames
    if (!frames.length) return
    if (!keepReplay) this.stopReplay()
    clearInterval(this.flow)
    const at = Math.max(0, Math.min(frames.length - 1, index))
    // Drags and keys that reach the newest epoch of a running run follow it from there on.
    if (!keepReplay && at === frames.length - 1 && this.store.isAtWork) return this.goLive()
    this.isLive = false
    this.epoch = frames[at]
    this.show(frames[at])
    this.store.prefetch(at, keepReplay ? 6 : 3)
    if (!keepReplay) this.report()
  }

  /** Move to the frame that is nearest to an epoch. */
  moveToEpoch(epoch) {
    const { frames } = this.store
    let best = 0
    frames.forEach((there, i) => {
      if (Math.abs(there - epoch) < Math.abs(frames[best] - epoch)) best = i
    })
    this.moveTo(best)
  }

  /** Replay from the very beginning, wherever the cursor is. */
  replayAll() {
    this.stopReplay()
    this.moveTo(0)
    this.toggleReplay()
  }

  moveBy(offset) {
    this.moveTo(this.index + offset)
  }

  /** Draw an epoch as soon as its frame is here; a frame that comes late never replaces a later wish. */
  show(epoch) {
    const began = performance.now(),
      ticket = ++this.asked
    const draw = (frame) => {
      if (!frame || ticket < this.drawn) return
      this.drawn = ticket
      this.frame = frame
      this.generation = this.store.generation
      this.began = began
      this.hooks.draw()
    }
    const kept = this.store.peek(epoch)
    this.wanted = kept ? null : { epoch, draw }
    if (kept) draw(kept)
    else this.fetchWanted()
    this.hooks.draw()
  }

  // Two fetches at a time; a quick drag leaves out what it has already passed.
  fetchWanted() {
    if (!this.wanted || this.fetching >= 2) return
    const { epoch, draw } = this.wanted
    this.wanted = null
    this.fetching++
    this.store
      .frame(epoch)
      .then(draw, () => null)
      .then(() => {
        this.fetching--
        this.fetchWanted()
      })
  }

  /** The stage has painted: how long it took from the wish to the picture. */
  painted() {
    if (this.began === undefined) return
    this.scrubMs = performance.now() - this.began
    this.began = undefined
  }

  toggleReplay() {
    if (this.isReplaying) {
      this.stopReplay()
      this.report()
      return
    }
    const last = this.store.frames.length - 1
    if (last < 1) return
    this.isReplaying = true
    clearTimeout(this.resting)
    if (this.index >= last) this.moveTo(0, { keepReplay: true })
    const turn = () => {
      if (!this.isReplaying) return
      if (this.index >= this.store.frames.length - 1) {
        this.stopReplay()
        this.report()
        return
      }
      const at = this.index + 1,
        began = performance.now(),
        ticket = this.asked
      // Waits for a frame that is still on its way rather than skipping it, or for the connection to come back.
      const go = (pause) => {
        const late = performance.now() - began
        // After a wait the pace starts again; else frames that arrive together would be one picture.
        this.timer = setTimeout(turn, late > pause / 2 ? pause : pause - late)
      }
      this.store.frame(this.store.frames[at]).then(
        () => {
          if (!this.isReplaying || ticket !== this.asked) return
          this.moveTo(at, { keepReplay: true })
          go(REPLAY_MS / this.speed)
        },
        () => {
          if (this.isReplaying && ticket === this.asked) go(RETRY_MS)
        },
      )
    }
    // The first picture is waited for too.
    const start = () => {
      if (this.isReplaying) this.timer = setTimeout(turn, REPLAY_MS / this.speed)
    }
    this.store.frame(this.store.frames[this.index]).then(start, start)
    this.hooks.draw()
  }

  stopReplay() {
    if (!this.isReplaying) return
    this.isReplaying = false
    clearTimeout(this.timer)
    this.hooks.draw()
  }

  cycleSpeed() {
    this.speed = { 0.5: 1, 1: 2, 2: 0.5 }[this.speed]
    this.hooks.draw()
  }

  /** Tell Python once the cursor rests, so that the URL follows. */
  report() {
    clearTimeout(this.resting)
    this.resting = setTimeout(() => {
      const epoch = this.isLive ? null : this.epoch
      if (epoch === this.reported) return
      this.reported = epoch
      this.hooks.rested(epoch)
    }, REST_MS)
  }

  destroy() {
    this.isReplaying = false
    clearTimeout(this.timer)
    clearTimeout(this.resting)
    clearInterval(this.flow)
  }
}
