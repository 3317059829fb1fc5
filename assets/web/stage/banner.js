// The line above the panels: what is wrong, what is waited for, or what should be known of the run.

import { tr } from "../lib/words.js"
import { ENDED } from "./store.js"
import { newestNotice } from "./verdict.js"

/**
 * What is said above the panels: its tone and its text, "" for nothing.
 * @param {?object} state of the run, null until it is known
 * @param {{refusal: string, isLost: boolean}} store why the server will not answer; whether it does not
 */
export function bannerOf(state, { refusal, isLost }) {
  if (refusal) return ["bad", refusal]
  if (isLost) return ["warn", tr("Connection lost. Training continues; reconnecting.")]
  if (!state) return ["info", tr("Loading the run …")]
  if (state.error) return ["bad", `${state.error.message} ${state.error.remedy}`]
  if (state.is_responding === false && !ENDED.includes(state.status))
    return [
      "warn",
      tr(
        "The training process is not responding. After five minutes without an answer it is ended; the run can then be resumed.",
      ),
    ]
  if (state.message)
    return [state.status === "interrupted" || state.status === "paused" ? "warn" : "info", state.message]
  if (state.status === "queued") return ["info", tr("Queued: waiting for another run to finish.")]
  const notice = newestNotice(state)
  return notice ? ["info", notice] : ["", ""]
}
