// The form of a served run: sends texts or files to /predict, and shows the answer as a table.

/** @param {string} id @returns {?HTMLElement} null outside of a browser, where the file is only checked */
const part = (id) => globalThis.document?.getElementById(id)
const form = part("ask")
const said = part("said")
const table = part("made")
const KEYS = [
  "label",
  "probability",
  "score",
  "is_unusual",
  "perplexity",
  "bits_per_character",
  "code",
  "far",
]
const SHOWN = 4

/** @param {string} key @returns {string} the title of a column, in the page's language */
const title = (key) => table.dataset[key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())]

/** @param {unknown} value @returns {string} */
function shown(value) {
  if (value === null || value === undefined) return ""
  if (typeof value === "number") return String(Number(value.toPrecision(4)))
  if (Array.isArray(value)) {
    return value.slice(0, SHOWN).map(shown).join(", ") + (value.length > SHOWN ? ", …" : "")
  }
  if (typeof value === "boolean") return value ? "✓" : "–"
  return String(value)
}

/** @param {HTMLTableRowElement} row @param {string} tag @param {string} text @returns {HTMLElement} */
function cell(row, tag, text) {
  const made = document.createElement(tag)
  made.textContent = text
  row.append(made)
  return made
}

/** @param {HTMLElement} place @param {string | undefined} source none of what could not be drawn @param {string} item */
function drawPicture(place, source, item) {
  if (!source) return
  const picture = document.createElement("img")
  picture.src = source
  picture.alt = `${title("reconstruction")}: ${item}`
  place.append(picture)
}

/** @param {{samples: object[], reconstructions: string[], notes: string[]}} answer */
function draw(answer) {
  const keys = KEYS.filter((key) => answer.samples.some((one) => one[key] !== undefined && one[key] !== ""))
  table.replaceChildren()
  const head = table.createTHead().insertRow()
  // Pictures come first: on a narrow screen the end of a row is out of sight.
  const first = answer.reconstructions.length ? ["sample", "reconstruction"] : ["sample"]
  for (const key of [...first, ...keys]) cell(head, "th", title(key)).scope = "col"
  const body = table.createTBody()
  answer.samples.forEach((one, at) => {
    const row = body.insertRow()
    cell(row, "td", one.item)
    if (answer.reconstructions.length) drawPicture(cell(row, "td", ""), answer.reconstructions[at], one.item)
    for (const key of keys) {
      const made = cell(row, "td", shown(one[key]))
      if (typeof one[key] === "number") made.className = "number"
      if (key === "far") made.className = "text"
    }
  })
  table.hidden = false
  said.textContent = answer.notes.join(" ")
}

/** @returns {RequestInit | null} what is sent; null where nothing was given */
function request() {
  const given = new FormData(form)
  const files = given.getAll("files").filter((file) => file.size > 0 || file.name)
  if (files.length) {
    const body = new FormData()
    for (const file of files) body.append("files", file)
    return { method: "POST", body }
  }
  const texts = String(given.get("texts") ?? "")
    .split("\n")
    .filter((line) => line.trim())
  if (!texts.length) return null
  return { method: "POST", body: JSON.stringify({ texts }), headers: { "content-type": "application/json" } }
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault()
  const sent = request()
  if (!sent) {
    said.textContent = title("empty")
    return
  }
  const button = form.querySelector("button")
  button.disabled = true
  said.textContent = "…"
  table.hidden = true
  try {
    const answer = await (await fetch("/predict", sent)).json()
    if (answer.error) said.textContent = `${answer.error.message} ${answer.error.remedy}`.trim()
    else draw(answer)
  } catch {
    said.textContent = title("failed")
  } finally {
    button.disabled = false
  }
})
