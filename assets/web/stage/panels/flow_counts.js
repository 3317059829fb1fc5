// What the panel "Changes between rounds" counts: totals, which classes are shown, and a row for each of them.

import { sum } from "../pseudo.js"

export const MOST = 12 // classes drawn one by one; of more the largest, and the others together

/** Totals of what happened: `flow` is (C + 1, C + 1) from … to, 0 is "not kept". */
export function totals({ data, shape: [width] }) {
  const result = { idle: data[0], fresh: 0, stayed: 0, changed: 0, dropped: 0 }
  for (let from = 0; from < width; from++) {
    for (let to = 0; to < width; to++) {
      if (!from && !to) continue
      const n = data[from * width + to]
      result[!from ? "fresh" : !to ? "dropped" : from === to ? "stayed" : "changed"] += n
    }
  }
  return result
}

const NAMES = ["idle", "fresh", "stayed", "changed", "dropped"]
/** The totals of a frame, which says them where its flow has only some of the classes. */
export const totalsOf = ({ flow, flow_totals: told }) =>
  told ? Object.fromEntries(NAMES.map((name, i) => [name, told.data[i]])) : totals(flow)

/** What 1, 2, … of a frame's flow stand for: each class, or the ones that change most and, last, all others together. */
export function groupsOf({ flow, flow_classes: chosen }, classes) {
  if (!chosen) return Array.from({ length: flow.shape[0] - 1 }, (_, label) => ({ label }))
  return [
    ...Array.from(chosen.data, (label) => ({ label })),
    { label: -2, others: classes - chosen.data.length },
  ]
}

/**
 * At most so many classes: the largest, or the first of those that change most, keep their own place, the others share one.
 * @returns {{nodes: {label: number, others?: number}[], flow: number[][]}} label: −1 not kept, −2 others
 */
export function condense({ data, shape: [width] }, groups, most = MOST) {
  const size = (i) => {
    let n = 0
    for (let j = 0; j < width; j++) n += data[i * width + j] + data[j * width + i]
    return n
  }
  const isCut = groups.at(-1)?.label === -2
  const single = groups.map((_, i) => i + 1).filter((i) => groups[i - 1].label >= 0)
  const order = isCut ? single : [...single].sort((a, b) => size(b) - size(a))
  const named = (single.length <= most ? single : order.slice(0, most - 1)).sort((a, b) => a - b)
  const left = groups.filter((_, i) => !named.includes(i + 1))
  const others = left.reduce((n, group) => n + (group.others ?? 1), 0)
  const nodes = [
    ...named.map((i) => ({ label: groups[i - 1].label })),
    ...(others ? [{ label: -2, others }] : []),
    { label: -1 },
  ]
  const place = (i) =>
    i === 0 ? nodes.length - 1 : named.indexOf(i) >= 0 ? named.indexOf(i) : nodes.length - 2
  const flow = nodes.map(() => nodes.map(() => 0))
  for (let from = 0; from < width; from++)
    for (let to = 0; to < width; to++) flow[place(from)][place(to)] += data[from * width + to]
  return { nodes, flow }
}

/**
 * A row a group: what it had before, gained, kept, got from and lost to other classes, dropped, and has now. What stays
 * and what changes within the others cannot be told from the flow, so it is what the totals leave.
 */
export function rowsOf(frame, groups) {
  const {
    data,
    shape: [width],
  } = frame.flow
  const at = (from, to) => data[from * width + to]
  const rows = groups.map((_, k) => {
    const i = k + 1
    let before = 0,
      now = 0,
      changedTo = 0,
      changedFrom = 0
    for (let j = 0; j < width; j++) {
      before += at(i, j)
      now += at(j, i)
      if (j && j !== i) {
        changedTo += at(j, i)
        changedFrom += at(i, j)
      }
    }
    return [before, at(0, i), at(i, i), changedTo, changedFrom, at(i, 0), now]
  })
  if (groups.at(-1)?.label === -2) {
    const all = totalsOf(frame),
      last = rows.pop()
    const rest = (k, total) => total - sum(rows.map((row) => row[k]))
    last.splice(2, 3, rest(2, all.stayed), rest(3, all.changed), rest(4, all.changed))
    rows.push(last)
  }
  return rows
}
