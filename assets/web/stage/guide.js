// One line on what to look at now, and at the end of a run what was seen and where to go next. It can be turned off.

import { el, setText } from "../lib/dom.js"
import { ENDED } from "./store.js"

const KEPT = "studio.tips" // "off": the person has turned the tips off

const COLLAPSED = ["complete-collapse", "dimensional-collapse"]
const isNumber = (value) => typeof value === "number"
const hasSign = (row, codes) => (row?.signs ?? []).some((sign) => codes.includes(sign.code))

/** What an autoencoder has come to, compared with the mean of its training rows and with PCA. */
function endOfAutoencoder(row, base) {
  if (hasSign(row, ["diverging", "diverged"])) return "This run diverged, so its network has learned nothing."
  if (hasSign(row, ["worse-than-mean"]))
    return "This network has not learned to reconstruct its input yet: showing the mean of all samples would be as good."
  if (!isNumber(row?.val_mse) || !isNumber(base?.pca_mse))
    return "What you just saw: a network trained without any label. On the map, samples with similar codes lie side by side."
  if (row.val_mse > base.pca_mse * (1 + base.verdict_margin))
    return "This network reconstructs its input only roughly: PCA with as many numbers does better."
  return "What you just saw: a network learned to reconstruct its input from a short code, without any label. On the map, samples with similar codes lie side by side."
}

function endOfLanguage(row, base) {
  if (!isNumber(row?.val_loss) || !isNumber(base?.bigram_loss))
    return "What you just saw: a network trained to predict tokens from plain text alone."
  return row.val_loss < base.bigram_loss
    ? "What you just saw: from plain text alone, a network learned to predict a token from those around it, better than counting pairs of tokens does (bigram baseline)."
    : "This network is still worse than counting pairs of tokens (bigram baseline). More steps, or more text, help."
}

function endOfViews(row) {
  return hasSign(row, COLLAPSED)
    ? "What you just saw: a collapse. Views of one sample agree because all samples have become alike, and nothing is learned from that."
    : "What you just saw: a network trained, without labels, to give distorted copies of a sample the same code."
}

const TIPS = {
  autoencoder: {
    before:
      "Epoch 0 is the network before training: it cannot reconstruct anything yet, and the map has no order.",
    early:
      "Look at the reconstructions: a blurred average comes first, then what makes each sample different.",
    middle: "Look at the map: similar samples move together, although the network sees no labels.",
    late: "Look at the loss: where the two curves flatten, more epochs change little. If validation rises while training falls, the network overfits.",
    end: endOfAutoencoder,
  },
  language: {
    before:
      "Epoch 0 is the network before training: every token is about equally likely, so it writes noise.",
    early:
      "Look at the writing: first it learns which tokens are frequent, then which ones follow each other.",
    middle: "Look at the map: tokens that are used in similar ways move together.",
    late: "Look at the loss: when validation rises while training falls, the network memorizes its text.",
    end: endOfLanguage,
  },
  views: {
    before:
      "Epoch 0 is the network before training: views of one sample and of different samples look much alike to it.",
    early:
      "Look at the pairs: the cosine of two views of a sample rises, that of different samples should not.",
    middle:
      "Look at the map: the lines between two views shorten, and similar samples gather without labels.",
    late: "Look at the spectrum: a cliff far below the right end means that the representation is collapsing.",
    end: endOfViews,
  },
  classify: {
    before: "Epoch 0 is the network before training: its predictions are guesses.",
    early: "Look at the confusion matrix: correct predictions gather on its diagonal.",
    middle: "Look at the label distribution: it shows whether the network prefers some classes.",
    late: "Look at the cells off the diagonal: they show which classes it still confuses.",
    end: "What you just saw: a classifier trained on the labels, compared with a simple baseline on the same rows.",
  },
  pseudo: {
    before:
      "Before the first round, the student and its twin, which gets the given labels only, are the same network.",
    early:
      "Look at the rounds: the student uses pseudo-labels; its twin, the same network, only the given labels.",
    middle: "Look at the label distribution: pseudo-labels should not drift toward one class.",
    late: "Look at the gap between the student and its twin, the same network with the given labels only: pseudo-labels help only if the student stays above.",
    end: "What you just saw: a student that also learned from pseudo-labels, compared with the same network that only had the given labels (its twin).",
  },
}

/**
 * What a person can do when a run has ended: three things, and training longer where that helps.
 * @param {string} task
 * @param {{replay: () => void, decode: () => void, canDecode: () => boolean, go: (id: string) => void, more: (epochs: number) => void}} acts
 */
export function nextSteps(task, acts) {
  const replay = {
    id: "replay",
    text: task === "pseudo" ? "Replay from the start" : "Replay from epoch 0",
    run: acts.replay,
  }
  const go = (id, text) => ({ id, text, run: () => acts.go(id) })
  if (task === "language")
    return [replay, go("inside", "Look inside and let it write"), go("compare", "Compare with epoch 0")]
  if (task === "classify" || task === "pseudo")
    return [replay, go("use", "Try it on new samples"), go("latent", "Explore its class scores")]
  if (task === "views")
    return [replay, go("lab", "See its views in the lab"), go("latent", "Explore its latent space")]
  const more = {
    id: "more",
    text: (view) => `Train ${moreEpochs(view)?.toLocaleString("en")} epochs`,
    run: (view) => acts.more(moreEpochs(view)),
    isThere: (view) => moreEpochs(view) !== undefined,
  }
  const decode = { id: "decode", text: "Decode the whole map", run: acts.decode, isThere: acts.canDecode }
  return [more, replay, decode, go("latent", "Explore its latent space")]
}

/** For how many epochs the run had better be trained, as a sign of trouble says; undefined where none does. */
const moreEpochs = (view) => (view.row?.signs ?? []).find((sign) => sign.epochs)?.epochs

/** Why there is nothing to look at yet. @param {?{status: string}} state */
export function waitFor(state) {
  if (state?.status === "queued") return "This run waits for its turn. It begins by itself."
  if (ENDED.includes(state?.status)) return "This run ended before anything was measured."
  return "Reading the data and building the network. The first results come with epoch 0."
}

/** Which tip belongs to an epoch. */
export function phaseOf(epoch, epochs, isEnded) {
  if (!epoch) return "before"
  if (isEnded && epoch >= epochs) return "end"
  const share = epoch / Math.max(1, epochs)
  return share <= 0.2 ? "early" : share <= 0.6 ? "middle" : "late"
}

function isOff() {
  try {
    return localStorage.getItem(KEPT) === "off"
  } catch {
    return false // a browser that keeps nothing shows them
  }
}

/**
 * @param {{id: string, text: string | ((view: object) => string), run: (view: object) => void, isThere?: (view: object) => boolean}[]} steps what can be done next
 */
export function createGuide(steps) {
  let isHidden = isOff()
  let shown = {} // the last view
  const text = el("p", {})
  const next = el("div", { class: "stage-next", role: "group", "aria-label": "Next steps" })
  const chips = steps.map((step) => ({
    step,
    node: el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "data-testid": `next-${step.id}`,
        onclick: () => step.run(shown),
      },
      typeof step.text === "string" ? step.text : "",
    ),
  }))
  next.append(...chips.map(({ node }) => node))
  const hide = el("button", { class: "stage-chip", type: "button", onclick: () => set(true) }, "Hide tips")
  const show = el(
    "button",
    { class: "stage-chip stage-show-tips", type: "button", onclick: () => set(false) },
    "Show tips",
  )
  const root = el("div", { class: "stage-guide", "data-testid": "stage-guide" }, text, next, hide)

  function set(value) {
    isHidden = value
    try {
      localStorage.setItem(KEPT, value ? "off" : "on")
    } catch {
      // Then it holds for this page only.
    }
    root.hidden = isHidden
    show.hidden = !isHidden
    ;(isHidden ? show : hide).focus()
  }
  root.hidden = isHidden
  show.hidden = !isHidden

  function update(view) {
    const { state } = view
    shown = view
    if (!state || !view.frame) {
      setText(text, waitFor(state))
      next.hidden = true
      return
    }
    const isEnded = ENDED.includes(state.status)
    const phase = phaseOf(view.frame.epoch, isEnded ? state.epoch : state.epochs, isEnded)
    const within = `Step ${view.frame.step} of ${state.steps_per_epoch} of the first epoch: the first outlines appear, and the map begins to sort itself.`
    const tip = (TIPS[state.task] ?? TIPS.autoencoder)[phase]
    const said = state.status === "failed" && phase === "end" ? "This run ended with an error." : tip
    setText(text, view.frame.step ? within : typeof said === "string" ? said : said(view.row, state.baseline))
    next.hidden = phase !== "end"
    for (const { step, node } of chips) {
      node.hidden = Boolean(step.isThere && !step.isThere(view))
      if (typeof step.text === "function") setText(node, step.text(view))
    }
  }

  return { root, show, update }
}
