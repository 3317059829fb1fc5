// The texts of the scripts in the reader's language; a component's data say which (`lang`).

let code = "en"
let messages = {}
const loading = new Map()

/** Ask for the texts of a language before anything is drawn; without them, everything is in English. */
export async function speak({ assets, lang = "en" }) {
  if (lang === "en") {
    code = lang
    messages = {}
    return
  }
  if (!loading.has(lang)) {
    loading.set(
      lang,
      fetch(`${assets}/words/${lang}-scripts.json`).then((answer) => (answer.ok ? answer.json() : {})),
    )
  }
  try {
    messages = await loading.get(lang)
    code = lang
  } catch {
    loading.delete(lang) // the next component asks again
  }
}

/** Code of the language that is spoken, such as "zh". */
export const spoken = () => code

/**
 * A message in the reader's language. What varies stands in braces: tr("{count} rows", { count: 3 }).
 * @param {string} message in English, a literal, so that it is found for the catalog
 * @param {Record<string, string | number>} values
 */
export function tr(message, values = {}) {
  const said = messages[message] ?? message
  return said.replace(/\{(\w+)\}/g, (field, name) => values[name] ?? field)
}

/** An address with the language in it, for answers that say something. */
export function withLanguage(address) {
  if (code === "en") return address
  return `${address}${address.includes("?") ? "&" : "?"}lang=${code}`
}
