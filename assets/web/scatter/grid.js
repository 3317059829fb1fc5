// Points in cells of an even grid, so that those near a place are found at once.

/** xs, ys: where points lie. Cells hold about four points each. */
export function createGrid(xs, ys) {
  const n = xs.length
  let x0 = Infinity,
    y0 = Infinity,
    x1 = -Infinity,
    y1 = -Infinity
  for (let i = 0; i < n; i++) {
    if (xs[i] < x0) x0 = xs[i]
    if (xs[i] > x1) x1 = xs[i]
    if (ys[i] < y0) y0 = ys[i]
    if (ys[i] > y1) y1 = ys[i]
  }
  const side = Math.max(1, Math.min(1024, Math.round(Math.sqrt(n / 4))))
  const width = (x1 - x0) / side || 1,
    height = (y1 - y0) / side || 1
  const column = (x) => Math.max(0, Math.min(side - 1, Math.floor((x - x0) / width)))
  const line = (y) => Math.max(0, Math.min(side - 1, Math.floor((y - y0) / height)))
  const starts = new Uint32Array(side * side + 1),
    cell = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    cell[i] = line(ys[i]) * side + column(xs[i])
    starts[cell[i] + 1]++
  }
  for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c]
  const order = new Uint32Array(n),
    next = starts.slice(0, -1)
  for (let i = 0; i < n; i++) order[next[cell[i]]++] = i

  /** Calls `visit(i)` for every point in cells that touch the box. */
  function inBox(left, bottom, right, top, visit) {
    if (right < x0 || left > x1 || top < y0 || bottom > y1) return
    const c0 = column(left),
      c1 = column(right),
      l0 = line(bottom),
      l1 = line(top)
    for (let l = l0; l <= l1; l++) {
      for (let k = starts[l * side + c0]; k < starts[l * side + c1 + 1]; k++) visit(order[k])
    }
  }

  return {
    bounds: [x0, y0, x1, y1],
    inBox,
    /** The nearest point within reach that `isThere`, or -1. */
    nearest(x, y, reach, isThere = () => true) {
      let best = reach * reach,
        found = -1
      inBox(x - reach, y - reach, x + reach, y + reach, (i) => {
        const d = (xs[i] - x) ** 2 + (ys[i] - y) ** 2
        if (d <= best && isThere(i)) {
          best = d
          found = i
        }
      })
      return found
    },
  }
}
