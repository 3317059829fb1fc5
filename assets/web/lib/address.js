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

const kept = new Set() // parameters that make no entries

/**
 * Whether two queries differ in nothing but such parameters.
 * @param {string} one
 * @param {string} other
 * @param {Iterable<string>} names
 */
export function differsOnlyIn(one, other, names) {
  const rest = (search) => [...names].reduce((left, name) => withParam(left, name, null), search)
  return rest(one) === rest(other)
}

/**
 * A rerun that answers an epoch of a moment ago finds the address ahead of it, and Streamlit would make an entry
 * for the older one.
 */
function makeNoEntriesOf(name) {
  kept.add(name)
  if (kept.size > 1) return
  const push = window.history.pushState
  window.history.pushState = function (state, unused, url) {
    const next = new URL(url ?? "", window.location.href)
    const isSame = next.pathname === window.location.pathname
    if (isSame && differsOnlyIn(next.search, window.location.search, kept))
      return this.replaceState(state, unused, url)
    return push.call(this, state, unused, url)
  }
}

/** Write a parameter into the address without a new entry in the browser's history: Back leaves the page. */
export function replaceParam(name, value) {
  if (!kept.has(name)) makeNoEntriesOf(name)
  const { pathname, search, hash } = window.location
  const changed = withParam(search, name, value)
  if (changed !== search) window.history.replaceState(window.history.state, "", pathname + changed + hash)
}
