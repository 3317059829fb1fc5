// The page's address, of which each rerun of the page is told.

/**
 * An address's query with one parameter changed; everything else stays letter for letter, so that Streamlit finds
 * nothing that it would have to write.
 * @param {string} search "" or "?name=value&…"
 * @param {string} name
 * @param {string | number | null} value null to leave it out
 */
export function withParam(search, name, value) {
  const parts = search.replace(/^\?/, "").split("&").filter(Boolean)
  const isIt = (part) => part === name || part.startsWith(`${name}=`)
  const place = parts.findIndex(isIt)
  const others = parts.filter((part) => !isIt(part))
  if (value !== null)
    others.splice(place < 0 ? others.length : place, 0, `${name}=${encodeURIComponent(value)}`)
  return others.length ? `?${others.join("&")}` : ""
}

/** Write a parameter into the address without a new entry in the browser's history: Back leaves the page. */
export function replaceParam(name, value) {
  const { pathname, search, hash } = window.location
  const changed = withParam(search, name, value)
  if (changed !== search) window.history.replaceState(window.history.state, "", pathname + changed + hash)
}
