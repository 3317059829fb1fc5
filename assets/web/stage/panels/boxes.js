// Boxes in pictures: what the network finds in validation pictures, and what is proposed for unlabeled ones. The confidence
// from which a box counts is set in the panel, and everything is drawn anew at once from all boxes of the frame.

import { el, percent, setText } from "../../lib/dom.js"
import { addShape, classColor } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { boxesOf, countRight, drawScene, sumOf, trueBoxes } from "../boxes.js"
import { itemAt } from "../items.js"

const LEAST = 0.02,
  WIDTH = 150 // of a picture, about

/** What a part of the pictures is called in frames and statics, and whose true boxes are known. */
const PARTS = {
  detections: {
    name: "found",
    scenes: "scenes",
    truthOf: (view) => view.statics.scenario.boxes,
    waits: () => tr("No epoch has been measured yet."),
  },
  pseudo_boxes: {
    name: "pool",
    scenes: "pool_scenes",
    truthOf: (view) => view.frame.words?.true_boxes,
    waits: () =>
      tr("None yet: boxes are proposed once the first network has learned from the known pictures."),
  },
}

/** Pictures of a part with their boxes from a confidence on; null while there are none. */
export function readPart(view, part, threshold) {
  const { name, scenes, truthOf } = PARTS[part]
  const { frame, statics } = view
  if (!frame?.[`${name}_labels`] || !statics?.scenario || !statics[scenes]) return null
  const truth = truthOf(view)
  return Array.from({ length: statics[scenes].shape[0] }, (_, i) => {
    const all = boxesOf(frame, name, i)
    const hidden = truth ? trueBoxes(truth[i]) : null
    const boxes = all.filter((box) => box.score >= threshold)
    return {
      bytes: itemAt(statics[scenes], i),
      boxes,
      unsure: all.filter((box) => box.score < threshold && box.score >= statics.scenario.unsure),
      truth: hidden,
      counts: hidden ? countRight(boxes, hidden) : { boxes: boxes.length },
    }
  })
}

/** The pictures together, in words. */
export function describePart(pictures, threshold) {
  const said = { threshold: percent(threshold, 0) }
  if (pictures.some((one) => !one.truth)) {
    const boxes = pictures.reduce((sum, one) => sum + one.boxes.length, 0),
      some = pictures.filter((one) => one.boxes.length).length
    return tr("From {threshold} on: {boxes} boxes, on {some} of the {all} pictures shown.", {
      ...said,
      boxes,
      some,
      all: pictures.length,
    })
  }
  const { boxes, right, objects } = sumOf(pictures.map((one) => one.counts))
  return tr(
    "From {threshold} on: {boxes} boxes, {right} of them right; {found} of {objects} objects are found.",
    {
      ...said,
      boxes,
      right,
      found: right,
      objects,
    },
  )
}

const legendOf = (classes) =>
  classes.map((name, i) => {
    const mark = el("canvas", { width: 14, height: 14, "aria-hidden": "true" })
    const pen = mark.getContext("2d")
    if (pen) {
      pen.fillStyle = classColor(i)
      pen.beginPath()
      addShape(pen, i, 7, 7, 5)
      pen.fill()
    }
    return el("span", { class: "scenario-mark" }, mark, name)
  })

function createPart(part) {
  return (root) => {
    const handle = el("input", {
      type: "range",
      class: "scenario-handle",
      min: LEAST,
      max: 1,
      step: 0.01,
      value: 0.5,
      "aria-label": tr("Confidence from which a box counts"),
      title: tr("Confidence from which a box counts; what is learned from does not change"),
      "data-testid": `${part}-threshold`,
      oninput: () => draw(true),
    })
    const shown = el("output", { class: "scenario-score" })
    root.head.append(el("label", { class: "scenario-threshold" }, handle, shown))
    const box = el("div", { class: "stage-scroll scenario-scenes", tabindex: "0", role: "group" })
    box.setAttribute("aria-label", part === "detections" ? tr("Found objects") : tr("Pseudo-boxes"))
    root.body.append(box)
    const marks = el("div", { class: "scenario-marks" }),
      said = el("p", { class: "stage-note", "data-testid": `${part}-counts` })
    root.foot.append(marks, said)
    let view = null,
      drawn = "",
      isSet = false
    const threshold = () => Number(handle.value)

    function draw(isMoved = false) {
      if (!view?.statics?.scenario) return
      const { scenario } = view.statics
      if (!isSet) {
        isSet = true
        handle.value = scenario.threshold
        marks.replaceChildren(...legendOf(scenario.classes))
      }
      setText(shown, percent(threshold(), 0))
      const key = [view.frame?.epoch, handle.value, box.clientWidth, view.oracle?.isOn].join("|")
      if (key === drawn && !isMoved) return
      drawn = key
      const pictures = readPart(view, part, threshold())
      if (!pictures) {
        box.replaceChildren(el("p", { class: "stage-muted" }, PARTS[part].waits()))
        setText(said, "")
        return
      }
      const columns = Math.max(2, Math.round(box.clientWidth / WIDTH))
      const size = Math.max(64, Math.floor((box.clientWidth - 8 * columns - 8) / columns))
      box.replaceChildren(
        ...pictures.map((one, i) =>
          el(
            "figure",
            { class: "scenario-figure", "data-testid": `${part}-picture` },
            drawScene(
              scenario,
              one.bytes,
              [
                { boxes: one.truth ?? [], style: "true" },
                { boxes: part === "pseudo_boxes" ? one.unsure : [], style: "faint" },
                { boxes: one.boxes, style: "solid" },
              ],
              size,
            ),
            el("figcaption", {}, captionOf(part, one, view.frame.words?.kept?.[i])),
          ),
        ),
      )
      setText(said, describePart(pictures, threshold()))
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize: () => draw(),
      destroy() {},
      summary(next) {
        const pictures = readPart(next, part, threshold())
        if (!pictures) return PARTS[part].waits()
        return tr("At epoch {epoch}. {text}", {
          epoch: next.frame.epoch,
          text: describePart(pictures, threshold()),
        })
      },
    }
  }
}

function captionOf(part, { counts, boxes, truth }, isKept) {
  if (truth) return tr("{right} of {objects} found", { right: counts.right, objects: counts.objects })
  if (part === "pseudo_boxes" && isKept === false) return tr("not learned from")
  return boxes.length === 1 ? tr("1 box") : tr("{count} boxes", { count: boxes.length })
}

export const detections = {
  id: "detections",
  get title() {
    return tr("Found objects")
  },
  create: createPart("detections"),
}

export const pseudoBoxes = {
  id: "pseudo_boxes",
  get title() {
    return tr("Pseudo-boxes")
  },
  isFor: (view) => !view.statics || Boolean(view.statics.pool_scenes),
  create: createPart("pseudo_boxes"),
}
