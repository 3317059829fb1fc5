// The way from noise to image, of the chosen image at the cursor's epoch: a strip of stages, and one large, played.

import { el, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { itemAt, paintImage } from "../items.js"
import { momentOf } from "../store.js"
import { chosenOf, nameOf } from "./drawn.js"

const PAUSE = 220 // milliseconds between two stages

/** Bytes of one stage of an image's way, out of (K, N, P). */
export function stageOf(ways, stage, tile) {
  const [, count, width] = ways.shape
  const at = (stage * count + tile) * width
  return ways.data.subarray(at, at + width)
}

export default {
  id: "way",
  get title() {
    return tr("From noise to image")
  },
  create(root, ctx) {
    const large = el("canvas", { class: "made-large", role: "img", width: 1, height: 1 })
    const strip = el("div", { class: "made-strip", role: "group", "aria-label": tr("Stages of the way") })
    const name = el("span", { class: "stage-label" })
    const play = el(
      "button",
      { class: "stage-chip", type: "button", "data-testid": "way-play", onclick: () => start() },
      tr("Play the way"),
    )
    root.head.append(play)
    root.body.append(el("div", { class: "made-way" }, large, name, strip))
    let view = null,
      stage = Infinity,
      timer = null,
      canvases = []

    const last = () => (view?.frame?.ways?.shape[0] ?? 1) - 1

    function start() {
      if (!view?.frame?.ways) return
      stop()
      stage = 0
      draw()
      timer = setInterval(() => {
        stage++
        draw()
        if (stage >= last()) stop()
      }, PAUSE)
    }

    function stop() {
      clearInterval(timer)
      timer = null
    }

    function show(at) {
      stop()
      stage = at
      draw()
    }

    function make(count, [h, w]) {
      large.width = w
      large.height = h
      canvases = Array.from({ length: count }, (_, i) => {
        const canvas = el("canvas", { width: w, height: h })
        const label = tr("Stage {number} of {count}", { number: i + 1, count })
        const button = el(
          "button",
          { class: "made-tile", type: "button", "aria-label": label, title: label, onclick: () => show(i) },
          canvas,
        )
        return { canvas, button }
      })
      strip.replaceChildren(...canvases.map(({ button }) => button))
    }

    function draw() {
      const { statics, frame } = view
      const { ways } = frame
      if (canvases.length !== ways.shape[0]) make(ways.shape[0], statics.shape)
      const tile = chosenOf(ctx, frame),
        now = Math.min(stage, last())
      canvases.forEach(({ canvas, button }, i) => {
        paintImage(canvas, statics.shape, stageOf(ways, i, tile))
        button.setAttribute("aria-pressed", String(i === now))
      })
      paintImage(
        large,
        statics.shape,
        now === last() ? itemAt(frame.samples, tile) : stageOf(ways, now, tile),
      )
      const said = nameOf(statics, tile)
      setText(
        name,
        tr("{name}: stage {number} of {count}", { name: said, number: now + 1, count: last() + 1 }),
      )
      large.setAttribute("aria-label", name.textContent)
    }

    return {
      update(next) {
        if (!next.statics || !next.frame?.ways) return
        view = next
        draw()
      },
      resize() {},
      destroy: stop,
      summary({ statics, frame }) {
        if (!frame?.ways || !statics) return tr("Nothing has been drawn yet.")
        return tr("At {moment} {name} comes out of noise in {count} stages that are shown.", {
          moment: momentOf(frame),
          name: nameOf(statics, chosenOf(ctx, frame)),
          count: frame.ways.shape[0],
        })
      },
    }
  },
}
