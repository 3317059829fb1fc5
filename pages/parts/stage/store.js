// What the server says of one run: state and rows by polling, frames by asking once and keeping them.

import { parseSafetensors } from "./safetensors.js"

const POLL_MS = 1000
const MAX_BACKOFF_MS = 5000
const MAX_FRAMES = 240
export const ENDED = ["finished", "stopped", "failed", "interrupted"]

export class Store {
  /**
   * @param {{base: string, run: string, token: string}} place
   * @param {() => void} changed called after anything new has come
   */
  constructor(place, changed) {
    Object.assign(this, place)
    this.changed = changed
    this.state = null
    this.rows = []
    this.frames = []
    this.statics = null
    this.thumbnails = null
    this.next = "0"
    this.isLost = false
    this.delay = POLL_MS
    this.cache = new Map()
    this.pending = new Map()
    this.onVisible = () => { if (!document.hidden) this.poll() }
    document.addEventListener("visibilitychange", this.onVisible)
    this.poll()
  }

  get isEnded() { return this.state !== null && ENDED.includes(this.state.status) }

  async ask(path, options = {}) {
    const headers = { "X-Studio-Token": this.token, ...(options.body ? { "Content-Type": "application/json" } : {}) }
    return fetch(`${this.base}/runs/${encodeURIComponent(this.run)}/${path}`, { ...options, headers })
  }

  async poll() {
    clearTimeout(this.timer)
    if (this.isGone || this.isPolling) return
    this.isPolling = true
    try {
      const response = await this.ask(`live?since=${encodeURIComponent(this.next)}`)
      if (!response.ok) throw new Error((await response.json()).error)
      this.take(await response.json())
      this.isLost = false
      this.delay = POLL_MS
      if (!this.statics && this.frames.length) await this.readStatics()
    } catch (error) {
      this.isLost = true
      this.delay = Math.min(MAX_BACKOFF_MS, this.delay * 1.6)
    } finally {
      this.isPolling = false
    }
    if (this.isGone) return
    this.changed()
    // Nothing moves any more, or nobody looks: no more asking. A command or a visible tab asks again.
    if ((this.isEnded && !this.isLost) || document.hidden) return
    this.timer = setTimeout(() => this.poll(), this.delay)
  }

  take(answer) {
    if (answer.restart) {
      this.rows = []
      this.cache.clear()
    }
    this.rows.push(...answer.rows)
    this.next = answer.next
    this.state = answer.state
    this.frames = answer.frames
    this.epochRows = this.rows.filter((row) => row.kind === "epoch").sort((a, b) => a.epoch - b.epoch)
  }

  async readStatics() {
    const response = await this.ask("static")
    if (!response.ok) return
    const { arrays, about } = parseSafetensors(await response.arrayBuffer())
    this.statics = {
      ...arrays,
      kind: about.kind,
      shape: JSON.parse(about.item_shape),
      classes: JSON.parse(about.classes),
      columns: JSON.parse(about.columns),
    }
  }

  /** The map's images; asked for once, when somebody points at the map. */
  async readThumbnails() {
    if (this.thumbnails || this.isReadingThumbnails) return
    this.isReadingThumbnails = true
    const response = await this.ask("thumbnails")
    if (response.ok) this.thumbnails = parseSafetensors(await response.arrayBuffer()).arrays.thumbnails
    this.isReadingThumbnails = false
  }

  /** A frame that is at hand, or null. */
  peek(epoch) { return this.cache.get(epoch) ?? null }

  /** A frame, fetched when it is not at hand; two who ask at once share one request. */
  frame(epoch) {
    const kept = this.cache.get(epoch)
    if (kept) {
      this.cache.delete(epoch)
      this.cache.set(epoch, kept)
      return Promise.resolve(kept)
    }
    if (!this.pending.has(epoch)) {
      this.pending.set(epoch, this.fetchFrame(epoch).finally(() => this.pending.delete(epoch)))
    }
    return this.pending.get(epoch)
  }

  async fetchFrame(epoch) {
    const response = await this.ask(`frames/${epoch}`)
    if (!response.ok) return null
    const { arrays, about } = parseSafetensors(await response.arrayBuffer())
    const explained = JSON.parse(about.map_explained ?? "null")
    const frame = { epoch, explained, ...arrays }
    this.cache.set(epoch, frame)
    while (this.cache.size > MAX_FRAMES) this.cache.delete(this.cache.keys().next().value)
    return frame
  }

  /** Fetch what is likely to be looked at next. */
  prefetch(index, reach = 3) {
    for (let offset = 1; offset <= reach; offset++) {
      for (const at of [index + offset, index - offset]) {
        const epoch = this.frames[at]
        if (epoch !== undefined && !this.cache.has(epoch)) this.frame(epoch).catch(() => null)
      }
    }
  }

  /** @returns {Promise<string>} what the server said against it, or "" */
  async command(path, body) {
    try {
      const response = await this.ask(path, { method: "POST", body: JSON.stringify(body) })
      const answer = await response.json()
      if (!response.ok) return { error: answer.error }
      setTimeout(() => this.poll(), 120)
      return answer
    } catch {
      return { error: "The server did not answer. Training goes on; try again." }
    }
  }

  destroy() {
    this.isGone = true
    clearTimeout(this.timer)
    document.removeEventListener("visibilitychange", this.onVisible)
  }
}
