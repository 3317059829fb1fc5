// The link to what is shown, made from the address of the browser: it is the newest there is.

const PRIVATE = ["token", "room"] // of whoever copies the link
const CHOSEN = ["hide", "present"] // what the link says of them is chosen beside it
const OWN = ["localhost", "127.0.0.1", "[::1]"]

/** Where the app is for others, with the folder that it is served in. */
export function placeOf({ origin, hostname }, { base, addresses }) {
  return OWN.includes(hostname) && addresses.length ? addresses[0].replace(/\/$/, "") : origin + base
}

/** Whether the address names a run, which only those see who share its workspace. */
export const hasRun = (search) => new URLSearchParams(search).has("run")

/**
 * The link.
 * @param {{origin: string, hostname: string, pathname: string, search: string}} location
 * @param {{base: string, addresses: string[], code: [string, string] | null,
 *   settings: {page: string, query: string} | null}} data
 * @param {{isSettings: boolean, hide: string[], isPresenting: boolean}} chosen
 */
export function linkOf(location, data, chosen) {
  const isSettings = chosen.isSettings && data.settings
  const path = isSettings ? `/${data.settings.page}` : location.pathname.slice(data.base.length)
  const said = new URLSearchParams(location.search)
  const query = new URLSearchParams(isSettings ? data.settings.query : location.search)
  for (const name of [...PRIVATE, ...CHOSEN]) query.delete(name)
  // A lesson stands beside whatever is shown.
  if (isSettings) for (const name of ["lesson", "step"]) if (said.has(name)) query.set(name, said.get(name))
  if (chosen.hide.length) query.set("hide", chosen.hide.join(","))
  if (chosen.isPresenting) query.set("present", "1")
  if (data.code) query.set(...data.code)
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/")
  return placeOf(location, data) + path + (text ? `?${text}` : "")
}

/** Names of groups that the address hides. */
export const hiddenIn = (search) => (new URLSearchParams(search).get("hide") ?? "").split(",").filter(Boolean)
