// Reads a safetensors file: 8 bytes of header length, a JSON header, then the raw arrays. Nothing in it can run.

const TYPES = {
  U8: Uint8Array,
  I32: Int32Array,
  F32: Float32Array,
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {{arrays: Object<string, {shape: number[], data: any}>, about: Object<string, string>}}
 */
export function parseSafetensors(buffer) {
  const size = Number(new DataView(buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, size)))
  const arrays = {}
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue
    const [from, to] = entry.data_offsets
    // A copy: typed arrays must start at a multiple of their item's size.
    const bytes = () => buffer.slice(8 + size + from, 8 + size + to)
    if (entry.dtype === "F16") arrays[name] = halves(entry.shape, bytes())
    else if (TYPES[entry.dtype]) arrays[name] = { shape: entry.shape, data: new TYPES[entry.dtype](bytes()) }
  }
  return { arrays, about: header.__metadata__ ?? {} }
}

/** Half precision becomes 32 bits when it is first looked at: most panels never look at the codes. */
function halves(shape, bytes) {
  const raw = new Uint16Array(bytes)
  let data = null
  return {
    shape,
    get data() {
      data ??= Float32Array.from(raw, fromHalf)
      return data
    },
  }
}

/** The number of 16 bits: a sign, five bits of exponent, ten of fraction. @param {number} bits */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024)
}
