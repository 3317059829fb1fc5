// Which panels a task shows.

import loss from "./panels/loss.js"
import map from "./panels/map.js"
import reconstructions from "./panels/reconstructions.js"
import writing from "./panels/writing.js"

export const SETS = {
  autoencoder: [loss, reconstructions, map],
  language: [loss, writing, { ...map, title: "Map of tokens" }],
  classify: [loss, { ...map, title: "Map" }],
}
