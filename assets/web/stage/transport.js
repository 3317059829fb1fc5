// The transport bar: pause, one epoch, stop, rerun; the cursor; live, replay; speed and learning rate.

import { el, icon, setText } from "../lib/dom.js"
import { ENDED } from "./store.js"

const SPEEDS = [
  [0, "Full speed"],
  [10, "10 epochs/s"],
  [5, "5 epochs/s"],
  [2, "2 epochs/s"],
  [1, "1 epoch/s"],
]

const formatRate = (value) =>
  value >= 0.01 || value === 0 ? String(value) : value.toExponential().replace("e-", "e-")
