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
    const type = TYPES[entry.dtype]
    if (!type) continue
    const [from, to] = entry.data_offsets
    // A copy: typed arrays must start at a multiple of their item's size.
    const bytes = buffer.slice(8 + size + from, 8 + size + to)
    arrays[name] = { shape: entry.shape, data: new type(bytes) }
  }
  return { arrays, about: header.__metadata__ ?? {} }
}
