// Which panels a task shows.

import { tr } from "../lib/words.js"
import answers from "./panels/answers.js"
import attention from "./panels/attention.js"
import backTranslations from "./panels/back_translations.js"
import { detections, pseudoBoxes } from "./panels/boxes.js"
import confidence from "./panels/confidence.js"
import confusion from "./panels/confusion.js"
import copies from "./panels/copies.js"
import drawn from "./panels/drawn.js"
import errors from "./panels/errors.js"
import flow from "./panels/flow.js"
import frechet from "./panels/frechet.js"
import heard from "./panels/heard.js"
import labels from "./panels/labels.js"
import { createLooks } from "./panels/looks.js"
import loss from "./panels/loss.js"
import map from "./panels/map.js"
import pairs from "./panels/pairs.js"
import passage from "./panels/passage.js"
import pseudoQuestions from "./panels/pseudo_questions.js"
import pseudoTranscripts from "./panels/pseudo_transcripts.js"
import reconstructions from "./panels/reconstructions.js"
import rounds from "./panels/rounds.js"
import scores from "./panels/scores.js"
import similarity from "./panels/similarity.js"
import spectrum from "./panels/spectrum.js"
import sphere from "./panels/sphere.js"
import transcripts from "./panels/transcripts.js"
import translations from "./panels/translations.js"
import way from "./panels/way.js"
import writing from "./panels/writing.js"

/** The map under another title. */
const titled = (say, more = {}) => ({
  ...map,
  ...more,
  get title() {
    return say()
  },
})
const sayMap = () => tr("Map")

export const SETS = {
  autoencoder: [loss, reconstructions, map],
  language: [loss, writing, titled(() => tr("Map of tokens"))],
  classify: [loss, confusion, titled(sayMap)],
  views: [loss, pairs, titled(sayMap), similarity, spectrum, sphere],
  generate: [drawn, way, copies, loss, frechet],
  pseudo: [
    rounds,
    labels,
    confidence,
    flow,
    errors,
    titled(sayMap, { create: (root, ctx) => map.create(root, ctx, createLooks) }),
  ],
  transcribe: [scores, heard, transcripts, pseudoTranscripts, loss, titled(() => tr("Map of clips"))],
  answer: [scores, passage, answers, pseudoQuestions, loss, titled(() => tr("Map of questions"))],
  detect: [scores, detections, pseudoBoxes, loss, titled(() => tr("Map of objects"))],
  translate: [scores, translations, attention, backTranslations, loss, titled(() => tr("Map of sentences"))],
}
