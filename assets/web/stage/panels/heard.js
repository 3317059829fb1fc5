// Heard letters: the wave and the spectrogram of a validation clip, and when the network hears which letter at the
// cursor's epoch; the clip can be played.

import { el, percent, setText, sizeCanvas } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { waveOf, wavOf } from "../sound.js"

const WAVE = 56,
  LETTERS = 44,
  UNSURE = 0.5 // probability below which a letter is drawn paler

/** One clip of the run: its bytes, and where its letters lie. */
function clipOf(statics, place) {
  const samples = statics.clip_samples.data
  const start = samples.slice(0, place).reduce((sum, count) => sum + count, 0)
  const [, bands, width] = statics.clip_spectra.shape
  return {
    codes: statics.clip_sound.data.subarray(start, start + samples[place]),
    columns: statics.clip_frames.data[place],
    bands,
    width,
    spectrum: statics.clip_spectra.data.subarray(place * bands * width, (place + 1) * bands * width),
    seconds: samples[place] / statics.scenario.rate,
  }
}

/** The spectrogram as an image: loud is dark on a light ground, and the other way round. */
function paint(clip, isDark) {
  const image = new ImageData(clip.columns, clip.bands)
  for (let band = 0; band < clip.bands; band++)
    for (let column = 0; column < clip.columns; column++) {
      const value = clip.spectrum[band * clip.width + column]
      const shade = isDark ? value : 255 - value
      image.data.set([shade, shade, shade, 255], 4 * (band * clip.columns + column))
    }
  return image
}

export default {
  id: "heard",
  get title() {
    return tr("Heard letters")
  },
  create(root) {
    const choice = el("select", {
      class: "stage-input scenario-choice",
      "aria-label": tr("Clip"),
      "data-testid": "heard-clip",
      onchange: () => {
        load()
        draw()
      },
    })
    const canvas = el("canvas", { class: "stage-canvas", role: "img", onclick: seek })
    const player = el("audio", {
      controls: true,
      class: "scenario-player",
      "aria-label": tr("The clip"),
      ontimeupdate: () => draw(),
    })
    const said = el("p", { class: "stage-note", "data-testid": "heard-text" })
    const box = el("div", { class: "scenario-heard" }, canvas)
    root.head.append(choice)
    root.body.append(box)
    root.foot.append(player, said)
    const scratch = document.createElement("canvas")
    let view = null,
      clip = null,
      wave = null,
      address = ""

    const chosen = () => Number(choice.value || 0)

    /** What belongs to the chosen clip at every epoch. */
    function load() {
      const { scenario } = view.statics
      clip = clipOf(view.statics, chosen())
      wave = waveOf(clip.codes)
      if (address) URL.revokeObjectURL(address)
      address = URL.createObjectURL(wavOf(wave, scenario.rate))
      player.src = address
    }

    function seek(event) {
      if (!clip) return
      const part = (event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth
      player.currentTime = Math.max(0, Math.min(1, part)) * clip.seconds
    }

    function draw() {
      const aligned = view?.frame?.words?.aligned
      if (!aligned || !view.statics?.clip_spectra) return
      if (!choice.options.length) {
        choice.append(...view.statics.scenario.references.map((text, i) => el("option", { value: i }, text)))
        load()
      }
      const width = box.clientWidth,
        height = Math.max(box.clientHeight, WAVE + LETTERS + 60)
      if (width < 40) return
      const { theme } = view,
        pen = sizeCanvas(canvas, width, height)
      const seconds = clip.seconds,
        x = (second) => (second / seconds) * width
      pen.clearRect(0, 0, width, height)
      drawWave(pen, width, theme)
      scratch.width = clip.columns
      scratch.height = clip.bands
      scratch.getContext("2d").putImageData(paint(clip, theme.isDark), 0, 0)
      const bottom = height - LETTERS
      pen.imageSmoothingEnabled = false
      pen.drawImage(scratch, 0, WAVE, width, bottom - WAVE)
      const step = view.statics.scenario.letter_seconds
      pen.textAlign = "center"
      pen.textBaseline = "middle"
      for (const [letter, start, end, share] of aligned[chosen()]) {
        const left = x(start * step),
          middle = x(((start + end) / 2) * step)
        pen.strokeStyle = theme.border
        pen.beginPath()
        pen.moveTo(left, WAVE)
        pen.lineTo(left, bottom + 6)
        pen.stroke()
        pen.fillStyle = share < UNSURE ? theme.muted : theme.text
        pen.font = `${share < UNSURE ? "italic " : "600 "}14px ${theme.font}`
        pen.fillText(letter === " " ? "␣" : letter, Math.max(6, Math.min(width - 6, middle)), bottom + 18)
      }
      pen.fillStyle = theme.muted
      pen.font = `11px ${theme.font}`
      for (let second = 0; second < seconds; second += seconds > 2 ? 1 : 0.5) {
        pen.textAlign = second ? "center" : "left"
        pen.fillText(tr("{seconds} s", { seconds: second }), x(second), bottom + 36)
      }
      if (player.currentTime > 0) {
        pen.strokeStyle = theme.primary
        pen.lineWidth = 2
        pen.beginPath()
        pen.moveTo(x(player.currentTime), 0)
        pen.lineTo(x(player.currentTime), bottom)
        pen.stroke()
        pen.lineWidth = 1
      }
      canvas.setAttribute("aria-label", describe(view, chosen()))
      setText(
        said,
        tr("heard: {text} · sure {share}", {
          text: view.frame.words.written[chosen()] || "…",
          share: percent(view.frame.words.sure[chosen()], 0),
        }),
      )
    }

    function drawWave(pen, width, theme) {
      pen.fillStyle = theme.primary
      const step = wave.length / width
      for (let column = 0; column < width; column++) {
        let most = 0
        const end = Math.min(wave.length, Math.ceil((column + 1) * step))
        for (let i = Math.floor(column * step); i < end; i++) most = Math.max(most, Math.abs(wave[i]))
        const tall = Math.max(1, (most / 32768) * (WAVE - 8))
        pen.fillRect(column, (WAVE - tall) / 2, 1, tall)
      }
    }

    return {
      update(next) {
        view = next
        draw()
      },
      resize: () => draw(),
      destroy() {
        player.pause()
        if (address) URL.revokeObjectURL(address)
      },
      summary: (next) => describe(next, chosen()),
    }
  },
}

function describe(view, place) {
  const aligned = view.frame?.words?.aligned?.[place]
  if (!aligned || !view.statics?.scenario) return tr("Nothing has been heard yet.")
  const step = view.statics.scenario.letter_seconds
  const sayLetter = ([letter, start]) =>
    tr("{letter} at {seconds} s", { letter, seconds: (start * step).toFixed(2) })
  const letters = aligned.filter(([letter]) => letter !== " ").map(sayLetter)
  return tr("At epoch {epoch}, “{reference}” is heard as “{text}”: {letters}.", {
    epoch: view.frame.epoch,
    reference: view.statics.scenario.references[place],
    text: view.frame.words.written[place],
    letters: letters.join(", ") || "–",
  })
}
