// The style sheet that header, tour and invitation share.

import { el } from "../lib/dom.js"

/** @param {string} assets where the files of assets/web are */
export function addStyles(assets) {
  const href = `${assets}/header/header.css`
  if (!document.querySelector(`link[href="${href}"]`))
    document.head.append(el("link", { rel: "stylesheet", href }))
}
