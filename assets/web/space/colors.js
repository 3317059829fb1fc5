// What a map is colored by, as it is shown; columns of a person's own table keep their names.

import { tr } from "../lib/words.js"

/** @param {string} name as the server calls it */
export function nameOfColor(name) {
  const titles = {
    class: tr("class"),
    split: tr("split"),
    density: tr("density"),
    "kept neighbors": tr("kept neighbors"),
  }
  return titles[name] ?? name
}

/** "training", "validation" or "test". */
export function nameOfPart(name) {
  const titles = { training: tr("training"), validation: tr("validation"), test: tr("test") }
  return titles[name] ?? name
}
