// The popover "Share": link, QR code, and what the link says beside the page.

import { el, setText } from "../lib/dom.js"
import { hasRun, hiddenIn, linkOf } from "./link.js"

/**
 * @param {() => object} data the newest of the component
 * @param {HTMLElement} opener its button
 */
export function createShare(data, opener) {
  const { words } = data()
  const chosen = { isSettings: false, hide: [], isPresenting: false }
  const field = el("input", { type: "text", readonly: true, "aria-label": words.link, class: "share-link" })
  const said = el("p", { role: "status", class: "share-said" })
  const copy = el("button", { type: "button", class: "share-main", onclick: copyLink }, words.copy)
  const picture = el("img", { alt: words.code, width: 200, height: 200, class: "share-code" })
  const files = ["png", "svg"].map((kind) =>
    el("a", { class: "share-file", download: `link.${kind}`, title: words[`${kind}About`] }, words[kind]),
  )
  const tooLong = el("p", { class: "share-note", hidden: true }, words.tooLong)
  const what = el("fieldset", { class: "share-what" }, el("legend", {}, words.what))
  const radios = ["view", "settings"].map((name) => {
    const radio = el("input", { type: "radio", name: "share-what", value: name })
    radio.addEventListener("change", () => choose({ isSettings: name === "settings" }))
    what.append(el("label", {}, radio, words[name]))
    return radio
  })
  const boxes = data().hidden.map(({ name, title }) => {
    const box = el("input", { type: "checkbox", value: name })
    box.addEventListener("change", () => choose({ hide: boxes.filter((b) => b.checked).map((b) => b.value) }))
    box.label = el("label", {}, box, title)
    return box
  })
  const present = el("input", { type: "checkbox" })
  present.addEventListener("change", () => choose({ isPresenting: present.checked }))
  const note = el("p", { class: "share-note" })
  const root = el(
    "div",
    { popover: "auto", class: "share", role: "dialog", "aria-label": words.title, "data-testid": "share" },
    el(
      "div",
      { class: "share-head" },
      el("h2", {}, words.title),
      el("button", { type: "button", "aria-label": words.close, title: words.close, onclick: close }, "×"),
    ),
    what,
    el("div", { class: "share-row" }, field, copy),
    said,
    el("div", { class: "share-qr" }, picture, tooLong, el("div", { class: "share-files" }, ...files)),
    el("label", {}, present, words.inPresent),
    el(
      "details",
      { class: "share-hide" },
      el("summary", {}, words.hide),
      el("p", { class: "share-note" }, words.hideAbout),
      ...boxes.map((box) => box.label),
    ),
    note,
  )
  picture.addEventListener("error", () => showCode(false))
  picture.addEventListener("load", () => showCode(true))
  root.addEventListener("toggle", (event) => {
    opener.setAttribute("aria-expanded", String(event.newState === "open"))
    if (event.newState === "open") begin()
  })

  function close() {
    root.hidePopover()
    opener.focus()
  }

  function showCode(isThere) {
    picture.hidden = !isThere
    tooLong.hidden = isThere
    for (const file of files) file.hidden = !isThere
  }

  /** Each time that it is opened it is about what is on the screen then. */
  function begin() {
    const { settings, note: reached } = data()
    const isRun = hasRun(location.search)
    Object.assign(chosen, {
      isSettings: !isRun && !!settings,
      hide: hiddenIn(location.search),
      isPresenting: false,
    })
    what.hidden = !(isRun && settings)
    radios[0].checked = true
    for (const box of boxes) box.checked = chosen.hide.includes(box.value)
    present.checked = false
    setText(note, `${words.nothing} ${reached}`)
    setText(said, "")
    write()
  }

  function choose(change) {
    Object.assign(chosen, change)
    setText(said, "")
    write()
  }

  function write() {
    const link = linkOf(location, data(), chosen)
    field.value = link
    const text = encodeURIComponent(link)
    picture.src = `${data().qr}.svg?text=${text}`
    files.forEach((file, at) => {
      file.href = `${data().qr}.${["png", "svg"][at]}?text=${text}`
    })
  }

  async function copyLink() {
    field.focus()
    field.select()
    // Without https there is no clipboard, other than on this machine.
    const isCopied = navigator.clipboard
      ? await navigator.clipboard.writeText(field.value).then(
          () => true,
          () => false,
        )
      : document.execCommand("copy")
    setText(said, isCopied ? words.copied : words.byHand)
  }

  return root
}
