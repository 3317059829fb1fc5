// A run's report: the stage in a file of its own. What the stage asks the server for lies in the page.

import { know } from "../lib/words.js"
import { mount } from "../stage/main.js"

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))

/** Packed bytes in base64, unpacked. @param {string} text */
function unpack(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("gzip"))
  return new Response(stream).arrayBuffer()
}

const json = (value) =>
  new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json" } })

/**
 * Answers the stage's questions from the file.
 * @param {{run: string, live: object, static: string, thumbnails: ?string, frames: Object<string, string>, words: object, lang: string,
 *   texts: Record<string, string>}} data
 * @returns {(address: string) => Promise<Response>}
 */
export function answerer(data) {
  return async (address) => {
    const path = String(address).split("?")[0]
    const name = path.slice(path.lastIndexOf("/") + 1)
    if (path.includes("/words/")) return json(data.words)
    if (name === "live") return json(data.live)
    if (name === "static" || name === "thumbnails")
      return data[name] ? new Response(await unpack(data[name])) : new Response("", { status: 404 })
    const frame = path.includes("/frames/") ? data.frames[name] : undefined
    return frame ? new Response(await unpack(frame)) : new Response("", { status: 404 })
  }
}

/** Show the run of the page. */
export function begin() {
  const data = JSON.parse(document.getElementById("data").textContent)
  window.fetch = answerer(data)
  know(data.lang, data.texts)
  const { run, task } = data
  const nothing = () => {}
  mount({
    parentElement: document.getElementById("stage"),
    data: { base: "", assets: "", run, token: "", epoch: 0, task, beside: "", offline: true },
    setStateValue: nothing,
    setTriggerValue: nothing,
  })
}

if (globalThis.document?.getElementById("data")) begin()
