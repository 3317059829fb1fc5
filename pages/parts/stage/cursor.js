// The one cursor: which epoch everything shows. "Live" is its right end; the replay is a cursor that moves by itself.

const REPLAY_MS = 100
const REST_MS = 400

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
      if (!this.frame) this.show(frames[this.index])
      return
    }
    const newest = frames[frames.length - 1]
    const fresh = this.frame ? frames.filter((epoch) => epoch > this.frame.epoch) : [newest]
    if (!fresh.length) return
    const steps = fresh.length <= 6 && !document.hidden ? fresh : [newest]
    clearInterval(this.flow)
    this.show(steps.shift())
    if (!steps.length) return
    this.flow = setInterval(() => {
      if (!this.isLive || !steps.length) clearInterval(this.flow)
      else this.show(steps.shift())
    }, 900 / (steps.length + 1))
  }

  goLive() {
    this.stopReplay()
    this.isLive = true
    this.epoch = null
    const frames = this.store.frames
    if (frames.length) this.show(frames[frames.length - 1])
    this.report()
  }

  /** Move to the frame with this index; the right end of a run at work is "live". */
  moveTo(index, { keepReplay = false } = {}) {
    const frames = this.store.frames
    if (!frames.length) return
    if (!keepReplay) this.stopReplay()
    clearInterval(this.flow)
    const at = Math.max(0, Math.min(frames.length - 1, index))
    this.isLive = false
    this.epoch = frames[at]
    this.show(frames[at])
    this.store.prefetch(at, keepReplay ? 6 : 3)
    if (!keepReplay) this.report()
  }

  moveBy(offset) { this.moveTo(this.index + offset) }

  /** Draw an epoch as soon as its frame is here; a later wish overtakes an earlier one. */
  show(epoch) {
    const began = performance.now(), ticket = ++this.asked
    const draw = (frame) => {
      if (!frame || ticket !== this.asked) return
      this.frame = frame
      requestAnimationFrame(() => {
        this.hooks.draw()
        this.scrubMs = performance.now() - began
      })
    }
    const kept = this.store.peek(epoch)
    if (kept) draw(kept)
    else this.store.frame(epoch).then(draw, () => null)
    this.hooks.draw()
  }

  toggleReplay() {
    if (this.isReplaying) return this.stopReplay()
    const last = this.store.frames.length - 1
    if (last < 1) return
    this.isReplaying = true
    if (this.index >= last) this.moveTo(0, { keepReplay: true })
    const turn = () => {
      if (!this.isReplaying) return
      if (this.index >= this.store.frames.length - 1) {
        this.stopReplay()
        this.report()
        return
      }
      const next = this.store.frames[this.index + 1]
      // Waits for a frame that is still on its way rather than skipping it.
      this.store.frame(next).then(() => { if (this.isReplaying) this.moveTo(this.index + 1, { keepReplay: true }) })
      this.timer = setTimeout(turn, REPLAY_MS / this.speed)
    }
    this.timer = setTimeout(turn, REPLAY_MS / this.speed)
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
    clearTimeout(this.timer)
    clearTimeout(this.resting)
    clearInterval(this.flow)
  }
}
