// What the map's pages ask the server: layouts as bytes, everything else by name.

import { pictureOf } from "../lib/dom.js"
import { parseSafetensors } from "../lib/safetensors.js"
import { tr, withLanguage } from "../lib/words.js"

/** One map's routes; what was asked once is kept. */
export class Source {
  constructor(base, pane) {
    this.base = `${base}/maps/${pane.key}`
    this.token = pane.token
    this.cards = new Map()
    this.layouts = new Map()
  }

  async get(path) {
    const answer = await fetch(new URL(withLanguage(`${this.base}/${path}`), location.origin), {
      headers: { "x-studio-token": this.token },
    })
    if (!answer.ok)
      throw new Error(
        (await answer.json().catch(() => ({}))).error ||
          tr("The server answered with status {status}.", { status: answer.status }),
      )
    return answer
  }

  async about() {
    return (await this.get("about")).json()
  }

  /** {head, points}: bytes of two numbers per point; see layouts.packed_layout. null: a half-made one is gone by now. */
  async layout(epoch, stamp = null) {
    const key = stamp === null ? `epoch=${epoch}` : `partial=${stamp}`
    if (this.layouts.has(key)) return this.layouts.get(key)
    const answer = await this.get(`layout?${key}`)
    if (answer.status === 204) return null
    const buffer = await answer.arrayBuffer()
    const size = new DataView(buffer).getUint32(0, true)
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)))
    let points = new Uint16Array(buffer, 4 + size, head.rows * head.dimensions)
    if (head.dimensions !== 2) {
      const flat = new Uint16Array(2 * head.rows)
      for (let i = 0; i < head.rows; i++) {
        flat[2 * i] = points[head.dimensions * i]
        flat[2 * i + 1] = points[head.dimensions * i + 1]
      }
      points = flat
    }
    const made = { head, points, bytes: buffer.byteLength }
    if (stamp === null) {
      this.layouts.set(key, made)
      if (this.layouts.size > 64) this.layouts.delete(this.layouts.keys().next().value)
    }
    return made
  }

  async rows() {
    return new Uint32Array(await (await this.get("rows")).arrayBuffer())
  }

  async ask(tool, values = {}) {
    const answer = await fetch(new URL(withLanguage(`${this.base}/ask/${tool}`), location.origin), {
      method: "POST",
      headers: { "x-studio-token": this.token, "content-type": "application/json" },
      body: JSON.stringify(values),
    })
    if (!answer.ok)
      throw new Error(
        (await answer.json().catch(() => ({}))).error ||
          tr("The server answered with status {status}.", { status: answer.status }),
      )
    const { arrays, about } = parseSafetensors(await answer.arrayBuffer())
    return {
      arrays,
      about: Object.fromEntries(Object.entries(about).map(([name, text]) => [name, JSON.parse(text)])),
    }
  }

  /** The card of a point; asked once. */
  async card(place, epoch) {
    const key = `${epoch}:${place}`
    if (!this.cards.has(key)) {
      if (this.cards.size > 3000) this.cards.clear()
      const asked = this.ask("items", { places: [place], epoch }).then(({ about }) => about.items[0])
      asked.catch(() => this.cards.delete(key)) // a helper that did not answer once may do so now
      this.cards.set(key, asked)
    }
    return this.cards.get(key)
  }

  /** place → canvas with its picture, or null where rows are none. */
  async pictures(places) {
    const { arrays } = await this.ask("pictures", { places })
    if (!arrays.pictures) return null
    const { shape, data } = arrays.pictures
    return new Map(places.map((place, index) => [place, pictureOf(data, index, shape.slice(1))]))
  }
}
