// What the server says of one run: state and rows by polling, frames by asking once and keeping them.

import { parseSafetensors } from "../lib/safetensors.js"
import { tr, withLanguage } from "../lib/words.js"

const POLL_MS = 1000
// In slow motion the phases of a round are a quarter of a second long, and are to be seen.
const SLOW_POLL_MS = 200
const SLOWEST_RATE = 2
const MAX_BACKOFF_MS = 5000
// A laptop that slept may leave requests that never end.
const TIMEOUT_MS = 30_000
const MAX_FRAMES = 240
const MAX_PREFETCHES = 3
export const ENDED = ["finished", "stopped", "failed", "interrupted"]

/** The name of a frame in the middle of the first epoch, as `frame` and `peek` take it. */
export const earlyKey = (step) => `0-${step}`

/** Which moment a frame is of, in words: "epoch 3", or "epoch 0, step 30". */
export function momentOf({ epoch, step }, unit = "epoch") {
  if (unit === "round")
    return step
      ? tr("round {round}, step {step}", { round: epoch, step })
      : tr("round {round}", { round: epoch })
  return step ? tr("epoch {epoch}, step {step}", { epoch, step }) : tr("epoch {epoch}", { epoch })
}

/** State, metric rows and frames of one run, asked for again and again while it trains. */
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
    this.early = [] // steps of the first epoch that have a frame
    this.statics = null
    this.thumbnails = null
    this.next = "0"
    this.isLost = false
    this.refusal = "" // why the server will not answer (the run was deleted, say), in its own words
    this.generation = 0 // counts restarts, so that a frame from before one is not kept
    this.delay = POLL_MS
    this.cache = new Map()
    this.pending = new Map()
    this.queue = [] // prefetches that wait for a free slot
    this.prefetching = 0
    this.onVisible = () => {
      if (!document.hidden) this.poll()
    }
    document.addEventListener("visibilitychange", this.onVisible)
    this.poll()
  }

  /** New epochs come by themselves. */
  get isAtWork() {
    return this.state !== null && ["queued", "starting", "running"].includes(this.state.status)
  }

  get isEnded() {
    return this.state !== null && ENDED.includes(this.state.status)
  }

  get isInSlowMotion() {
    return (
      this.state?.status === "running" &&
      Boolean(this.state.phase) &&
      this.state.epochs_per_second > 0 &&
      this.state.epochs_per_second <= SLOWEST_RATE
    )
  }

  /** @param {{run: string, token: string}} whom another run than this one */
  async ask(path, options = {}, whom = this) {
    const headers = {
      "X-Studio-Token": whom.token,
      ...(options.body ? { "Content-Type": "application/json" } : {}),
    }
    return fetch(withLanguage(`${this.base}/runs/${encodeURIComponent(whom.run)}/${path}`), {
      ...options,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  }

  async poll() {
    clearTimeout(this.timer)
    if (this.isGone || this.isPolling) return
    this.isPolling = true
    try {
      const response = await this.ask(`live?since=${encodeURIComponent(this.next)}`)
      // 403, 404 …: the server is there and says no, which is not the same as a lost connection.
      const isRefused = response.status >= 400 && response.status < 500
      this.refusal = isRefused
        ? ((await response.json().catch(() => null))?.error ?? tr("The server does not have this run."))
        : ""
      if (!response.ok) throw new Error(this.refusal || String(response.status))
      this.take(await response.json())
      this.isLost = false
      this.delay = this.isInSlowMotion ? SLOW_POLL_MS : POLL_MS
      if (!this.statics && this.frames.length) await this.readStatics()
    } catch {
      this.isLost = !this.refusal
      this.delay = Math.min(MAX_BACKOFF_MS, this.delay * 1.6)
    } finally {
      this.isPolling = false
    }
    if (this.isGone) return
    this.changed()
    // Nothing moves any more, or no one looks: no more asking. A command or a visible tab asks again.
    if ((this.isEnded && !this.isLost && !this.refusal) || document.hidden) return
    this.timer = setTimeout(() => this.poll(), this.delay)
  }

  take(answer) {
    if (answer.restart) {
      this.rows = []
      this.generation++
      this.cache.clear()
      this.pending.clear()
    }
    // Panels compare with the baseline, so what they say of the first frames changes when it is measured.
    const isCompared = Boolean(answer.state.baseline)
    if (this.state && isCompared && !this.state.baseline) {
      this.generation++
      this.cache.clear()
      this.pending.clear()
    }
    this.rows.push(...answer.rows)
    this.next = answer.next
    this.state = answer.state
    this.frames = answer.frames
    this.early = answer.early ?? []
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
      texts: about.texts ? JSON.parse(about.texts) : null,
      glyphs: about.glyphs ? JSON.parse(about.glyphs) : null,
      prompt: about.prompt ? JSON.parse(about.prompt) : null,
      scenario: about.scenario ? JSON.parse(about.scenario) : null,
    }
  }

  /** What the frames of the first epoch's steps that were looked at say of the losses, until an epoch is done. */
  earlyRows() {
    const steps = this.state?.steps_per_epoch
    if (!steps || this.frames.some((epoch) => epoch > 0)) return []
    return this.early
      .map((step) => this.cache.get(earlyKey(step)))
      .filter(Boolean)
      .map((frame) => ({ kind: "early", epoch: frame.step / steps, step: frame.step, ...frame.losses }))
  }

  /** The map's images; asked for once, when someone points at the map. */
  async readThumbnails() {
    if (this.thumbnails || this.isReadingThumbnails) return
    this.isReadingThumbnails = true
    try {
      const response = await this.ask("thumbnails")
      if (response.ok) this.thumbnails = parseSafetensors(await response.arrayBuffer()).arrays.thumbnails
    } catch {
      // The card stands without its image; the next hover asks again.
    } finally {
      this.isReadingThumbnails = false
    }
  }

  /** A frame that is at hand, or null. */
  peek(epoch) {
    return this.cache.get(epoch) ?? null
  }

  /** A frame, fetched when it is not at hand; two who ask at once share one request. */
  frame(epoch) {
    const kept = this.cache.get(epoch)
    if (kept) {
      this.cache.delete(epoch)
      this.cache.set(epoch, kept)
      return Promise.resolve(kept)
    }
    if (!this.pending.has(epoch)) {
      const request = this.fetchFrame(epoch).finally(() => {
        if (this.pending.get(epoch) === request) this.pending.delete(epoch)
      })
      this.pending.set(epoch, request)
    }
    return this.pending.get(epoch)
  }

  /** @param {number | string} epoch or, of a step of the first epoch, `earlyKey` of it */
  async fetchFrame(epoch) {
    const { generation } = this
    const [at, step] = String(epoch).split("-")
    const response = await this.ask(`frames/${at}${step ? `?step=${step}` : ""}`)
    if (!response.ok) return null
    const { arrays, about } = parseSafetensors(await response.arrayBuffer())
    const explained = JSON.parse(about.map_explained ?? "null")
    // What a task says in words beside its arrays.
    const words = Object.fromEntries(
      Object.entries(about)
        .filter(([name]) => !["epoch", "step", "losses", "map_explained"].includes(name))
        .map(([name, text]) => [name, JSON.parse(text)]),
    )
    const frame = { epoch: Number(at), explained, words, ...arrays }
    if (step) Object.assign(frame, { step: Number(step), losses: JSON.parse(about.losses) })
    if (generation !== this.generation) return null
    this.cache.set(epoch, frame)
    while (this.cache.size > MAX_FRAMES) this.cache.delete(this.cache.keys().next().value)
    return frame
  }

  /** Fetch what is likely to be looked at next; a newer wish replaces what still waits. */
  prefetch(index, reach = 3) {
    this.queue = []
    for (let offset = 1; offset <= reach; offset++) {
      for (const at of [index + offset, index - offset]) {
        const epoch = this.frames[at]
        if (epoch !== undefined && !this.cache.has(epoch) && !this.pending.has(epoch)) this.queue.push(epoch)
      }
    }
    this.pump()
  }

  // Browsers open six connections to a server: a quick drag must not have to wait behind its own prefetches.
  pump() {
    while (this.prefetching < MAX_PREFETCHES && this.queue.length && !this.isGone) {
      this.prefetching++
      this.frame(this.queue.shift())
        .catch(() => null)
        .then(() => {
          this.prefetching--
          this.pump()
        })
    }
  }

  /** @returns {Promise<string>} what the server said against it, or "" */
  async command(path, body, whom = this) {
    try {
      const response = await this.ask(path, { method: "POST", body: JSON.stringify(body) }, whom)
      const answer = await response.json()
      if (!response.ok) return { error: answer.error }
      setTimeout(() => this.poll(), 120)
      return answer
    } catch {
      return { error: tr("The server did not answer. Training continues; try again.") }
    }
  }

  /**
   * What a tool makes of the network at an epoch (null: the newest).
   * @returns {Promise<{arrays: Object, about: Object} | {error: string}>}
   */
  async tool(name, body) {
    try {
      const response = await this.ask(`tools/${name}`, { method: "POST", body: JSON.stringify(body) })
      if (!response.ok)
        return { error: (await response.json()).error ?? tr("The server refused this request.") }
      const { arrays, about } = parseSafetensors(await response.arrayBuffer())
      return {
        arrays,
        about: Object.fromEntries(Object.entries(about).map(([key, value]) => [key, JSON.parse(value)])),
      }
    } catch {
      return { error: tr("The server did not answer. It will be asked again at the next change.") }
    }
  }

  destroy() {
    this.isGone = true
    clearTimeout(this.timer)
    document.removeEventListener("visibilitychange", this.onVisible)
  }
}
