// The tools in the header of every page: tour, presenter's mode, share.

import { el } from "../lib/dom.js"
import { createShare } from "./share.js"
import { addStyles } from "./styles.js"
import { openTour } from "./tour.js"

const ICONS = {
  tour: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm3.5 6.5-2.1 5-5 2.1 2.1-5zM12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
  present: "M3 4h18v2h-1v9h-6.2l2.4 4h-2.3L12 15.8 10.1 19H7.8l2.4-4H4V6H3zm3 2v7h12V6z",
  share:
    "M18 16.1c-.8 0-1.4.3-2 .8l-7.1-4.2a3 3 0 0 0 0-1.4l7-4.1a3 3 0 1 0-.9-1.5l-7 4.1a3 3 0 1 0 0 4.4l7.1 4.2a2.9 2.9 0 1 0 2.9-2.1z",
}

const COOKIE = "selfsup-language"
const A_YEAR = 31_536_000

const headers = new WeakMap()

/** Called by Streamlit at the first mount and at every rerun; only the first makes anything. */
export function mount(component) {
  const { parentElement } = component
  addStyles(component.data.assets)
  let header = headers.get(parentElement)
  if (!header) {
    header = createHeader(component)
    headers.set(parentElement, header)
    parentElement.replaceChildren(header.root)
  }
  header.renew(component)
  return () =>
    setTimeout(() => {
      if (!parentElement.isConnected) header.destroy()
    }, 0)
}

function createHeader(first) {
  let component = first
  const data = () => component.data
  const { words } = data()
  const button = (name, onclick) =>
    el(
      "button",
      {
        type: "button",
        title: words[name],
        "aria-label": words[name],
        "data-testid": `header-${name}`,
        onclick,
      },
      drawIcon(ICONS[name]),
    )
  const share = button("share", () => {})
  share.setAttribute("aria-haspopup", "dialog")
  share.setAttribute("aria-expanded", "false")
  const popover = createShare(data, share)
  share.popoverTargetElement = popover // opens and closes it
  const tools = el(
    "div",
    { class: "header-tools", role: "group" },
    button("tour", () => openTour(data().tour, data().base)),
    button("present", () => tell("on")),
    ...(data().languages.length > 1 ? [createLanguages(data())] : []),
    share,
  )
  const leave = el(
    "button",
    {
      type: "button",
      class: "header-leave",
      title: words.leave,
      "aria-label": `${words.leaveShort} (Esc): ${words.leave}`,
      "data-testid": "header-leave",
      onclick: () => tell("off"),
    },
    `${words.leaveShort} (Esc)`,
  )
  const root = el("div", {}, tools, leave, popover)

  function tell(state) {
    component.setTriggerValue("present", state)
  }

  /** Esc that closes nothing else leaves presenter's mode. */
  function onKey(event) {
    if (event.key !== "Escape" || event.defaultPrevented || !data().isPresenting) return
    if (document.querySelector("dialog[open], :popover-open, [data-testid=stPopoverBody], [role=listbox]"))
      return
    tell("off")
  }

  // While it is captured, what Esc would close is still open.
  document.addEventListener("keydown", onKey, true)
  return {
    root,
    renew(now) {
      component = now
      tools.hidden = data().isPresenting
      leave.hidden = !data().isPresenting
      sayLanguage(data())
    },
    destroy() {
      document.removeEventListener("keydown", onKey, true)
    },
  }
}

/** Which language the page is in, for screen readers and hyphenation, and the one word of the style sheet. */
function sayLanguage({ lang, words }) {
  const page = document.documentElement
  page.lang = lang
  page.style.setProperty("--word-pages", JSON.stringify(words.pages))
}

/** The list of languages, as an icon; a choice loads the page anew, since what is drawn already stays as it is. */
function createLanguages({ languages, lang, words }) {
  const options = languages.map(({ code, name }) =>
    el("option", { value: code, lang: code, ...(code === lang ? { selected: "selected" } : {}) }, name),
  )
  const list = el(
    "select",
    { title: words.language, "aria-label": words.language, "data-testid": "header-language" },
    ...options,
  )
  list.addEventListener("change", () => {
    // biome-ignore lint/suspicious/noDocumentCookie: the other way is not in every browser
    document.cookie = `${COOKIE}=${list.value}; path=/; max-age=${A_YEAR}; samesite=lax`
    const address = new URL(location.href)
    address.searchParams.set("lang", list.value)
    location.assign(address)
  })
  const sign = el("span", { "aria-hidden": "true" }, "文A")
  return el("span", { class: "header-language" }, sign, list)
}

function drawIcon(path) {
  const space = "http://www.w3.org/2000/svg"
  const svg = document.createElementNS(space, "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  const line = document.createElementNS(space, "path")
  line.setAttribute("d", path)
  svg.append(line)
  return svg
}
