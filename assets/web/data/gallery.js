// Pictures large enough to be judged, in rows by class; a click shows one larger, arrow keys go on from there.

import { el, icon, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"

/**
 * @typedef {{src: string, name: string}} Picture src: a data address; name: what stands below the large one
 * @param {{parentElement: HTMLElement, data: {assets: string, groups: {title: string, pictures: Picture[]}[]}}} component
 */
export function mount({ parentElement, data }) {
  const href = `${data.assets}/data/gallery.css`
  if (!document.querySelector(`link[href="${href}"]`))
    document.head.append(el("link", { rel: "stylesheet", href }))
  const mark = JSON.stringify(data.groups)
  // A rerun with the same pictures leaves the large one open.
  if (parentElement.firstChild?.mark === mark) return
  parentElement.replaceChildren(createGallery(data.groups, mark))
}

function createGallery(groups, mark) {
  const all = groups.flatMap((group) => group.pictures)
  const large = createLarge(all)
  let count = 0
  const rows = groups.map(({ title, pictures }) => {
    const row = el(
      "div",
      { class: "gallery-row", role: "group", "aria-label": title || tr("Samples") },
      ...pictures.map((picture) => {
        const place = count++
        return el(
          "button",
          {
            type: "button",
            class: "gallery-item",
            title: tr("{name}: show larger", { name: picture.name }),
            onclick: () => large.open(place),
          },
          el("img", { src: picture.src, alt: picture.name, loading: "lazy" }),
        )
      }),
    )
    return el("section", {}, title ? el("p", { class: "gallery-title" }, title) : null, row)
  })
  const root = el("div", { class: "gallery", "data-testid": "gallery" }, ...rows, large.root)
  root.mark = mark
  return root
}

function createLarge(pictures) {
  const picture = el("img", { alt: "" })
  const name = el("figcaption", {})
  let at = 0
  const step = (by) => () => show((at + by + pictures.length) % pictures.length)
  const button = (label, sign, onclick) =>
    el("button", { type: "button", "aria-label": label, title: label, onclick }, sign)
  const root = el(
    "dialog",
    { class: "gallery-large", "aria-label": tr("Picture, larger"), "data-testid": "gallery-large" },
    el("figure", {}, picture, name),
    el(
      "nav",
      {},
      button(tr("Previous"), "‹", step(-1)),
      button(tr("Next"), "›", step(1)),
      button(tr("Close"), icon("close"), () => root.close()),
    ),
  )
  function show(place) {
    at = place
    picture.src = pictures[place].src
    picture.alt = pictures[place].name
    setText(name, pictures[place].name)
  }
  root.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by) step(by)()
  })
  // A click beside the picture closes it.
  root.addEventListener("click", (event) => event.target === root && root.close())
  return {
    root,
    open(place) {
      show(place)
      root.showModal()
    },
  }
}
