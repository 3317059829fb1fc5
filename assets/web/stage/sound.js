// Sound in 8 bits a sample (μ-law) → samples, and samples → a WAV file that the browser can play.

const MU = 255
const TABLE = Int16Array.from({ length: 256 }, (_, code) => {
  const v = (2 * code) / 255 - 1
  return Math.round((32767 * Math.sign(v) * ((1 + MU) ** Math.abs(v) - 1)) / MU)
})

/** @param {Uint8Array} codes @returns {Int16Array} */
export const waveOf = (codes) => Int16Array.from(codes, (code) => TABLE[code])

/** @param {Int16Array} wave @param {number} rate samples a second @returns {Blob} */
export function wavOf(wave, rate) {
  const head = new DataView(new ArrayBuffer(44))
  const text = (at, word) =>
    [...word].forEach((letter, i) => void head.setUint8(at + i, letter.charCodeAt(0)))
  text(0, "RIFF")
  head.setUint32(4, 36 + 2 * wave.length, true)
  text(8, "WAVEfmt ")
  head.setUint32(16, 16, true)
  head.setUint16(20, 1, true)
  head.setUint16(22, 1, true)
  head.setUint32(24, rate, true)
  head.setUint32(28, 2 * rate, true)
  head.setUint16(32, 2, true)
  head.setUint16(34, 16, true)
  text(36, "data")
  head.setUint32(40, 2 * wave.length, true)
  return new Blob([head, wave], { type: "audio/wav" })
}
