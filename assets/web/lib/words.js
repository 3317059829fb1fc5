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

/**
 * Take texts that are there already, as in a file of its own.
 * @param {string} lang
 * @param {Record<string, string>} texts English → the language
 */
export function know(lang, texts) {
  code = lang
  messages = texts
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

const signs = new Map()

/** What the language writes in numbers: [decimal point, between groups, behind a share]. */
function signsOf(lang) {
  if (!signs.has(lang)) {
    const parts = (value, options) => new Intl.NumberFormat(lang, options).formatToParts(value)
    const find = (type) => parts(1234567.8).find((part) => part.type === type)?.value ?? ""
    const share = parts(0.5, { style: "percent" }).map(({ value }) => value)
    signs.set(lang, [find("decimal"), find("group"), share.join("").replace(/^\D*\d+/, "")])
  }
  return signs.get(lang)
}

/** A number that is written as in English, "1,234.5" or "88%", as the reader's language writes it. */
export function local(text) {
  const [point, group, share] = signsOf(code)
  if (point === "." && group === "," && share === "%") return text
  return text
    .replace(/\d[\d,]*(?:\.\d+)?/g, (found) =>
      found.replace(/[.,]/g, (sign) => (sign === "." ? point : group)),
    )
    .replace(/(?<=\d)%/g, share)
}

/** An address with the language in it, for answers that say something. */
export function withLanguage(address) {
  if (code === "en") return address
  return `${address}${address.includes("?") ? "&" : "?"}lang=${code}`
}
