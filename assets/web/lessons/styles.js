// The style sheet that a lesson's components share.

import { el } from "../lib/dom.js"

/** @param {string} assets where the files of assets/web are */
export function addStyles(assets) {
  const href = `${assets}/lessons/lessons.css`
  if (!document.querySelector(`link[href="${href}"]`))
    document.head.append(el("link", { rel: "stylesheet", href }))
}
