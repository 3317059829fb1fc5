// One line on what to look at now, and at the end of a run what was seen and where to go next. It can be turned off.

import { el, grouped, setText } from "../lib/dom.js"
import { tr } from "../lib/words.js"
import { hasRoomForCopy } from "./facts.js"
import { isScenario } from "./scenarios.js"
import { ENDED } from "./store.js"

const KEPT = "studio.tips" // "off": the person has turned the tips off

const COLLAPSED = ["complete-collapse", "dimensional-collapse"]
const isNumber = (value) => typeof value === "number"
const hasSign = (row, codes) => (row?.signs ?? []).some((sign) => codes.includes(sign.code))

/** What an autoencoder has come to, compared with the mean of its training rows and with PCA. */
function endOfAutoencoder(row, base) {
  if (hasSign(row, ["diverging", "diverged"]))
    return tr("This run diverged, so its network has learned nothing.")
  if (hasSign(row, ["worse-than-mean"]))
    return tr(
      "This network has not learned to reconstruct its input yet: showing the mean of all samples would be as good.",
    )
  if (!isNumber(row?.val_mse) || !isNumber(base?.pca_mse))
    return tr(
      "What you just saw: a network trained without any label. On the map, samples with similar codes lie side by side.",
    )
  if (hasRoomForCopy(base))
    return tr(
      "This code has as many numbers as it takes to copy the input. A small error does not show that the network has learned anything.",
    )
  if (row.val_mse > base.pca_mse * (1 + base.verdict_margin))
    return tr("This network reconstructs its input only roughly: PCA with as many numbers does better.")
  return tr(
    "What you just saw: a network learned to reconstruct its input from a short code, without any label. On the map, samples with similar codes lie side by side.",
  )
}

function endOfLanguage(row, base) {
  if (!isNumber(row?.val_loss) || !isNumber(base?.bigram_loss))
    return tr("What you just saw: a network trained to predict tokens from plain text alone.")
  return row.val_loss < base.bigram_loss
    ? tr(
        "What you just saw: from plain text alone, a network learned to predict a token from those around it, better than counting pairs of tokens does (bigram baseline).",
      )
    : tr(
        "This network is still worse than counting pairs of tokens (bigram baseline). More steps, or more text, help.",
      )
}

function endOfViews(row) {
  return hasSign(row, COLLAPSED)
    ? tr(
        "What you just saw: a collapse. Views of one sample agree because all samples have become alike, and nothing is learned from that.",
      )
    : tr(
        "What you just saw: a network trained, without labels, to give distorted copies of a sample the same code.",
      )
}

const tipsOf = () => ({
  autoencoder: {
    before: tr(
      "Epoch 0 is the network before training: it cannot reconstruct anything yet. What order the map has comes from the samples: random weights keep similar ones near each other.",
    ),
    early: tr(
      "Look at the reconstructions: a blurred average comes first, then what makes each sample different.",
    ),
    middle: tr("Look at the map: similar samples move together, although the network sees no labels."),
    late: tr(
      "Look at the loss: where the two curves flatten, more epochs change little. If validation rises while training falls, the network overfits.",
    ),
    end: endOfAutoencoder,
  },
  language: {
    before: tr(
      "Epoch 0 is the network before training: every token is about equally likely, so it writes noise.",
    ),
    early: tr(
      "Look at the writing: first it learns which tokens are frequent, then which ones follow each other.",
    ),
    middle: tr("Look at the map: tokens that are used in similar ways move together."),
    late: tr("Look at the loss: when validation rises while training falls, the network memorizes its text."),
    end: endOfLanguage,
  },
  views: {
    before: tr(
      "Epoch 0 is the network before training: views of one sample and of different samples look much alike to it.",
    ),
    early: tr(
      "Look at the pairs: the cosine of two views of a sample rises, that of different samples should not.",
    ),
    middle: tr(
      "Look at the map: the lines between two views shorten, and similar samples gather without labels.",
    ),
    late: tr(
      "Look at the spectrum: a cliff far below the right end means that the representation is collapsing.",
    ),
    end: endOfViews,
  },
  classify: {
    before: tr("Epoch 0 is the network before training: its predictions are guesses."),
    early: tr("Look at the confusion matrix: correct predictions gather on its diagonal."),
    middle: tr("Look at the label distribution: it shows whether the network prefers some classes."),
    late: tr("Look at the cells off the diagonal: they show which classes it still confuses."),
    end: tr(
      "What you just saw: a classifier trained on the labels, compared with a simple baseline on the same rows.",
    ),
  },
  translate: {
    before: tr("Epoch 0 is the network before training: it writes the same nonsense for every sentence."),
    early: tr(
      "Look at the translations: frequent words come first, then whole phrases, in the order of the other language.",
    ),
    middle: tr(
      "Look at the attention: each piece that is written should look at the piece that it translates.",
    ),
    late: tr(
      "Look at the score: back-translations help only if the student stays above its twin, which learns from the known pairs alone.",
    ),
    end: tr(
      "What you just saw: a network learned to translate from sentence pairs; where pairs were hidden, another one made up sources for the rest.",
    ),
  },
  transcribe: {
    before: tr("Epoch 0 is the network before training: it hears nothing but the blank, or noise."),
    early: tr(
      "First the network learns to be silent: it writes nothing at all. Then come the letters of the loudest sounds.",
    ),
    middle: tr("Look at the heard letters: each should stand where its sound is. Play the clip."),
    late: tr(
      "Look at the score, lower is better: pseudo-transcripts help only if the student stays below its twin, which learns from the known transcripts alone.",
    ),
    end: tr(
      "What you just saw: a network learned to write down speech; where transcripts were hidden, it wrote them itself and learned from those that it was sure of.",
    ),
  },
  answer: {
    before: tr("Epoch 0 is the network before training: it points anywhere in the passage."),
    early: tr(
      "Look at the passage: the shading gathers on what fits the question's first word, such as numbers after “how many”.",
    ),
    middle: tr(
      "Look at the pseudo-questions: rules made them, and those whose answer the student does not find again are dropped.",
    ),
    late: tr(
      "Look at the score: pseudo-questions help only if the student stays above its twin, which learns from the known questions alone.",
    ),
    end: tr(
      "What you just saw: a network learned to find answers in passages; where questions were hidden, it learned from questions that rules made of the passages.",
    ),
  },
  detect: {
    before: tr("Epoch 0 is the network before training: it sees objects everywhere, or nowhere."),
    early: tr("Look at the found objects: large ones are found first, and boxes sit loosely."),
    middle: tr("Move the confidence: fewer boxes are shown, and more of them are right."),
    late: tr(
      "Look at the score: pseudo-boxes help only if the student stays above its twin, which learns from the known pictures alone.",
    ),
    end: tr(
      "What you just saw: a network learned to find objects; where boxes were hidden, a slow copy of it drew boxes for the rest.",
    ),
  },
  generate: {
    before: tr("Epoch 0 is the network before training: what it draws is the noise that it is given."),
    early: tr("Look at the images: first come blots of light and dark, then outlines."),
    middle: tr("Choose an image and play its way: large shapes are decided first, details last."),
    late: tr("Look at the nearest training images: a generator that copies them has learned nothing new."),
    end: tr(
      "What you just saw: a network learned to lead noise to images that nobody has made. Below you can draw more of them, by class.",
    ),
  },
  pseudo: {
    before: tr(
      "Before the first round, the student and its twin, which gets the given labels only, are the same network.",
    ),
    early: tr(
      "Look at the rounds: the student uses pseudo-labels; its twin, the same network, only the given labels.",
    ),
    middle: tr("Look at the label distribution: pseudo-labels should not drift toward one class."),
    late: tr(
      "Look at the gap between the student and its twin, the same network with the given labels only: pseudo-labels help only if the student stays above.",
    ),
    end: tr(
      "What you just saw: a student that also learned from pseudo-labels, compared with the same network that only had the given labels (its twin).",
    ),
  },
})

/**
 * What a person can do when a run has ended: three things, and training longer where that helps.
 * @param {string} task
 * @param {{replay: () => void, decode: () => void, canDecode: () => boolean, go: (id: string) => void, more: (epochs: number) => void}} acts
 */
export function nextSteps(task, acts) {
  const replay = {
    id: "replay",
    text: task === "pseudo" ? tr("Replay from the start") : tr("Replay from epoch 0"),
    run: acts.replay,
  }
  const go = (id, text) => ({ id, text, run: () => acts.go(id) })
  if (task === "language")
    return [
      replay,
      go("inside", tr("Look inside and let it write")),
      go("compare", tr("Compare with epoch 0")),
    ]
  if (task === "generate") return [replay]
  if (task === "classify" || task === "pseudo")
    return [replay, go("use", tr("Try it on new samples")), go("latent", tr("Explore its class scores"))]
  if (isScenario(task)) return [replay]
  if (task === "views")
    return [replay, go("lab", tr("See its views in the lab")), go("latent", tr("Explore its latent space"))]
  const more = {
    id: "more",
    text: (view) => tr("Train {count} epochs", { count: grouped(moreEpochs(view) ?? 0) }),
    run: (view) => acts.more(moreEpochs(view)),
    isThere: (view) => moreEpochs(view) !== undefined,
  }
  const decode = { id: "decode", text: tr("Decode the whole map"), run: acts.decode, isThere: acts.canDecode }
  return [more, replay, decode, go("latent", tr("Explore its latent space"))]
}

/** For how many epochs the run had better be trained, as a sign of trouble says; undefined where none does. */
const moreEpochs = (view) => (view.row?.signs ?? []).find((sign) => sign.epochs)?.epochs

/**
 * Why there is nothing to look at yet.
 * @param {?{status: string}} state
 * @param {number[]} [frames] epochs that the server has something to show of
 */
export function waitFor(state, frames) {
  if (frames?.length) return tr("Loading the run …")
  if (state?.status === "queued") return tr("This run waits for its turn. It begins by itself.")
  if (ENDED.includes(state?.status)) return tr("This run ended before anything was measured.")
  return tr("Reading the data and building the network. The first results come with epoch 0.")
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
  const next = el("div", { class: "stage-next", role: "group", "aria-label": tr("Next steps") })
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
  const hide = el(
    "button",
    { class: "stage-chip", type: "button", onclick: () => set(true) },
    tr("Hide tips"),
  )
  const show = el(
    "button",
    { class: "stage-chip stage-show-tips", type: "button", onclick: () => set(false) },
    tr("Show tips"),
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
      setText(text, waitFor(state, view.frames))
      next.hidden = true
      return
    }
    const isEnded = ENDED.includes(state.status)
    const phase = phaseOf(view.frame.epoch, isEnded ? state.epoch : state.epochs, isEnded)
    const within = tr(
      "Step {step} of {steps} of the first epoch: the first outlines appear, and the map begins to sort itself.",
      { step: view.frame.step, steps: state.steps_per_epoch },
    )
    const all = tipsOf()
    const tips = all[state.task] ?? all.autoencoder
    const tip = tips[phase]
    const said = state.status === "failed" && phase === "end" ? tr("This run ended with an error.") : tip
    setText(text, view.frame.step ? within : typeof said === "string" ? said : said(view.row, state.baseline))
    next.hidden = phase !== "end"
    for (const { step, node } of chips) {
      node.hidden = Boolean(step.isThere && !step.isThere(view))
      if (typeof step.text === "function") setText(node, step.text(view))
    }
  }

  return { root, show, update }
}
