// The link that is shared: the newest address, without what belongs to whoever copies it.

import assert from "node:assert/strict"
import { test } from "node:test"
import { hasRun, hiddenIn, linkOf, placeOf } from "../../assets/web/header/link.js"

const HERE = {
  origin: "http://localhost:8501",
  hostname: "localhost",
  pathname: "/autoencoder",
  search: "?run=r1&epoch=12&token=secret&room=ABCD&hide=data&present=1&lesson=2&step=3",
}
const DATA = {
  base: "",
  addresses: [],
  code: null,
  settings: { page: "autoencoder", query: "preset=vae&set=seed%3D7" },
}
const NONE = { isSettings: false, hide: [], isPresenting: false }

test("the link of a view is its address, without token and code, and shows what was chosen", () => {
  assert.equal(linkOf(HERE, DATA, NONE), "http://localhost:8501/autoencoder?run=r1&epoch=12&lesson=2&step=3")
  const chosen = { isSettings: false, hide: ["data", "pages"], isPresenting: true }
  assert.match(linkOf(HERE, DATA, chosen), /&hide=data,pages&present=1$/)
})

test("the link of its settings opens the form, with the lesson beside it", () => {
  const link = linkOf(HERE, DATA, { ...NONE, isSettings: true })
  assert.equal(link, "http://localhost:8501/autoencoder?preset=vae&set=seed%3D7&lesson=2&step=3")
  assert.equal(
    linkOf(HERE, { ...DATA, settings: null }, { ...NONE, isSettings: true }),
    linkOf(HERE, DATA, NONE),
  )
})

test("others get the address that they reach, in the folder where the app is served", () => {
  const data = {
    ...DATA,
    addresses: ["http://192.168.1.20:8501/studio/"],
    base: "/studio",
    code: ["room", "AB CD"],
  }
  const here = { ...HERE, pathname: "/studio/learn", search: "" }
  assert.equal(linkOf(here, data, NONE), "http://192.168.1.20:8501/studio/learn?room=AB+CD")
  const there = { ...here, origin: "https://school.example", hostname: "school.example" }
  assert.equal(placeOf(there, data), "https://school.example/studio")
  assert.equal(linkOf({ ...HERE, pathname: "/", search: "" }, DATA, NONE), "http://localhost:8501/")
})

test("an address says whether it shows a run, and what it hides", () => {
  assert.ok(hasRun(HERE.search))
  assert.ok(!hasRun("?preset=vae"))
  assert.deepEqual(hiddenIn("?hide=data,,pages"), ["data", "pages"])
  assert.deepEqual(hiddenIn(""), [])
})
