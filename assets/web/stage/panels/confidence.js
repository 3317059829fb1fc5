// Confidence of the proposals, with a threshold to drag: what would be kept, of which classes, and with the Oracle how
// much of it is right. Computed here from the frame's histogram; the run itself does not change.

import { el, fixed, setText, sizeCanvas } from "../../lib/dom.js"
import { classColor } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import {
  BINS,
  count,
  emptyNote,
  KEPT,
  mixOf,
  PROPOSED,
  poolSize,
  share,
  sum,
  swatch,
  whyEmpty,
} from "../pseudo.js"
import { cumulate, nearest, partsOf } from "./histogram.js"

const AXIS = 18,
  PAD = 10
const MANY = 12 // classes, above which the columns of the mix carry no names

export default {
  id: "confidence",
  get title() {
    return tr("Confidence")
  },
  create(root, ctx) {
    const choice = el(
      "select",
      {
        class: "stage-input",
        "aria-label": tr("Split of the bars"),
        onchange: () => {
          hasChosen = true
          draw()
        },
      },
      el("option", { value: "all" }, tr("all proposals")),
      el("option", { value: "class" }, tr("by class")),
      el("option", { value: "right" }, tr("correct and wrong")),
    )
    root.head.append(choice)
    const canvas = el("canvas", { class: "stage-canvas", role: "img" })
    const handle = el(
      "div",
      {
        class: "pl-handle",
        role: "slider",
        tabindex: "0",
        "aria-label": tr("What-if threshold"),
        "aria-valuemin": "0",
        "aria-valuemax": "1",
        "data-testid": "confidence-threshold",
      },
      el("span", {}),
    )
    const chart = el("div", { class: "pl-chart" }, canvas, handle)
    const words = el("p", { class: "pl-words", "data-testid": "confidence-words" })
    const mix = el("div", {
      class: "pl-mix",
      role: "group",
      "aria-label": tr("What would be kept, by class"),
      "data-testid": "confidence-mix",
    })
    const ends = el("p", { class: "stage-how pl-ends" })
    const all = el("div", { class: "pl-confidence" }, chart, words, mix, ends)
    root.body.append(all)
    const empty = emptyNote(root)
    const how = el("p", { class: "stage-how" })
    const use = el("button", {
      class: "stage-chip",
      type: "button",
      "data-testid": "confidence-use",
      title: tr("Starts a new run like this one that keeps every proposal above this threshold."),
      onclick: () => ctx.repeat(threshold() / BINS),
    })
    root.foot.append(how, use)
    let view = null,
      counts = null,
      drawn = null,
      place = null,
      hasChosen = false,
      columns = [],
      mixKey = ""

    /** Where the run's own rule would stand, were it one threshold, until someone has moved the handle. */
    const threshold = () =>
      place ?? nearest(counts.total, sum(mixOf(view.frame, KEPT)) || counts.total[0] / 2)

    function update(next) {
      view = next
      const why = whyEmpty(view, PROPOSED)
      empty.say(why, all)
      how.hidden = choice.hidden = Boolean(why)
      use.hidden = Boolean(why) || Boolean(ctx.isWatched)
      if (why || !view.statics) return
      if (view.frame !== drawn) {
        drawn = view.frame
        counts = cumulate(view.frame.histogram)
      }
      const isOn = view.oracle.isOn
      choice.options[2].hidden = choice.options[2].disabled = !isOn
      if (!isOn && choice.value === "right") {
        choice.value = "all"
        hasChosen = false
      }
      if (isOn && !hasChosen) choice.value = "right"
      draw()
    }

    function draw() {
      if (!counts || !view?.frame || chart.clientWidth < 40) return
      const began = performance.now(),
        at = threshold()
      drawMix(at)
      drawBars(at)
      const text = describe(at)
      setText(words, text)
      handle.style.left = `${PAD + (at / BINS) * (chart.clientWidth - 2 * PAD)}px`
      handle.firstChild.textContent = fixed(at / BINS, 2)
      handle.classList.toggle("is-left", at > BINS / 2)
      handle.setAttribute("aria-valuenow", (at / BINS).toFixed(2))
      handle.setAttribute("aria-valuetext", text)
      canvas.setAttribute(
        "aria-label",
        tr("Histogram of the confidence of {count} proposals. {text}", {
          count: count(counts.total[0]),
          text,
        }),
      )
      setText(how, tr("What if? Drag the line; this run does not change."))
      setText(use, tr("Train with threshold {value}", { value: fixed(at / BINS, 2) }))
      chart.dataset.ms = (performance.now() - began).toFixed(1)
    }

    function describe(at) {
      const kept = counts.total[at],
        pool = poolSize(view.frame, view.row) ?? counts.total[0]
      const known = counts.right[at] + counts.wrong[at]
      const own = sum(mixOf(view.frame, KEPT))
      const said = [
        tr("At {value} or more: {share} of the unlabeled rows would be kept ({count} of {all}).", {
          value: fixed(at / BINS, 2),
          share: share(kept, pool),
          count: count(kept),
          all: count(pool),
        }),
      ]
      if (view.oracle.isOn && known) {
        const part = share(counts.right[at], known)
        said.push(
          known < kept
            ? tr("{share} of the {count} known are correct.", { share: part, count: count(known) })
            : tr("{share} of them are correct.", { share: part }),
        )
      }
      said.push(
        own ? tr("This round keeps {share}.", { share: share(own, pool) }) : tr("This round keeps none."),
      )
      const bare = sum(mixOf(view.frame, PROPOSED)) - counts.total[0]
      if (bare > 0)
        said.push(
          tr("{count} proposals have no probability, so no threshold keeps them.", { count: count(bare) }),
        )
      return said.join(" ")
    }

    function drawBars(at) {
      const width = chart.clientWidth,
        height = chart.clientHeight,
        floor = height - AXIS
      const context = sizeCanvas(canvas, width, height),
        { theme } = view
      context.clearRect(0, 0, width, height)
      const step = (width - 2 * PAD) / BINS,
        thick = Math.max(1, step - (step > 4 ? 1 : 0.4)),
        x = (bin) => PAD + bin * step
      let most = 1
      for (let bin = 0; bin < BINS; bin++) most = Math.max(most, counts.total[bin] - counts.total[bin + 1])
      // Heights by square root: most proposals of a sure classifier lie in the last bins, and the others would vanish.
      const up = (n) => Math.sqrt(n / most) * (floor - 20)
      context.fillStyle = `color-mix(in srgb, ${theme.primary} 8%, transparent)`
      context.fillRect(x(at), 0, width - PAD - x(at), floor)
      const layers = partsOf(view.frame.histogram, choice.value, theme)
      for (let bin = 0; bin < BINS; bin++) {
        const all = counts.total[bin] - counts.total[bin + 1]
        if (!all) continue
        context.globalAlpha = bin >= at ? 1 : 0.38
        let top = floor
        for (const layer of layers) {
          const n = layer.of(bin),
            tall = (up(all) * n) / all
          if (!n) continue
          context.fillStyle = layer.color
          context.fillRect(x(bin), top - tall, thick, tall)
          if (layer.isHatched) hatch(context, x(bin), top - tall, thick, tall, theme.background)
          top -= tall
        }
      }
      context.globalAlpha = 1
      context.strokeStyle = theme.border
      context.beginPath()
      context.moveTo(PAD, floor + 0.5)
      context.lineTo(width - PAD, floor + 0.5)
      context.stroke()
      context.fillStyle = theme.muted
      context.font = `12px ${theme.font}`
      context.textBaseline = "bottom"
      for (const value of [0, 0.25, 0.5, 0.75, 1]) {
        context.textAlign = value === 0 ? "left" : value === 1 ? "right" : "center"
        context.fillText(
          String(value),
          value === 0 ? PAD : value === 1 ? width - PAD : x(value * BINS),
          height,
        )
      }
      context.textAlign = "left"
      context.textBaseline = "top"
      const said = { count: count(most) }
      const key =
        choice.value === "right"
          ? tr("solid: correct, hatched: wrong; highest bar {count}, heights on a square-root scale", said)
          : tr("highest bar {count}, heights on a square-root scale", said)
      context.fillText(key, PAD, 0)
    }

    function drawMix(at) {
      const { classes } = view.statics
      if (mixKey !== String(classes.length)) {
        mixKey = String(classes.length)
        columns = classes.map((name, i) => {
          const bar = el("i", { style: `background:${classColor(i)}` }),
            number = el("b", {})
          return {
            bar,
            number,
            node: el(
              "div",
              { class: "pl-column", title: name },
              number,
              el("div", { class: "pl-stand" }, bar),
              classes.length > MANY ? null : el("span", {}, swatch(i, 10), name),
            ),
          }
        })
        mix.classList.toggle("is-dense", classes.length > MANY)
        mix.replaceChildren(...columns.map(({ node }) => node))
      }
      const most = Math.max(1, ...counts.byClass.map((own) => own[at]))
      columns.forEach(({ bar, number, node }, i) => {
        const n = counts.byClass[i][at]
        bar.style.height = `${(100 * n) / most}%`
        setText(number, count(n))
        node.setAttribute("title", `${classes[i]}: ${count(n)} (${share(n, counts.total[at])})`)
      })
      // Columns without names: the extremes are said in words.
      ends.hidden = classes.length <= MANY || !counts.total[at]
      if (ends.hidden) return
      const order = [...classes.keys()].sort((a, b) => counts.byClass[b][at] - counts.byClass[a][at]),
        last = order[order.length - 1]
      setText(
        ends,
        tr("Most {most} ({count}), fewest {fewest} ({least}).", {
          most: classes[order[0]],
          count: count(counts.byClass[order[0]][at]),
          fewest: classes[last],
          least: count(counts.byClass[last][at]),
        }),
      )
    }

    const move = (to) => {
      place = Math.max(0, Math.min(BINS, Math.round(to)))
      draw()
    }
    const fromPointer = (event) => {
      const box = chart.getBoundingClientRect()
      move(((event.clientX - box.left - PAD) / (box.width - 2 * PAD)) * BINS)
    }
    chart.addEventListener("pointerdown", (event) => {
      if (!counts || event.button) return
      event.preventDefault()
      chart.setPointerCapture(event.pointerId)
      handle.focus({ preventScroll: true })
      fromPointer(event)
    })
    chart.addEventListener("pointermove", (event) => {
      if (chart.hasPointerCapture(event.pointerId)) fromPointer(event)
    })
    handle.addEventListener("keydown", (event) => {
      if (!counts) return
      const at = threshold()
      const to = {
        ArrowLeft: at - 1,
        ArrowDown: at - 1,
        ArrowRight: at + 1,
        ArrowUp: at + 1,
        PageDown: at - 10,
        PageUp: at + 10,
        Home: 0,
        End: BINS,
      }[event.key]
      if (to === undefined) return
      event.preventDefault() // these keys scrub otherwise
      move(to)
    })

    return {
      update,
      resize: draw,
      destroy() {},
      summary(next) {
        const why = whyEmpty(next, PROPOSED)
        if (why || !counts) return why
        const said = describe(threshold())
        return tr("What if there were a single threshold? {said}", { said })
      },
    }
  },
}

/** Lines across a bar: its kind without the color. */
function hatch(context, x, y, width, height, color) {
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  context.strokeStyle = color
  context.lineWidth = 1
  context.beginPath()
  for (let line = Math.floor(y / 4) * 4; line < y + height + width; line += 4) {
    context.moveTo(x, line)
    context.lineTo(x + width, line - width)
  }
  context.stroke()
  context.restore()
}
