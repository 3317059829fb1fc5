// Flow of the unlabeled rows from the round before to this one: not kept, kept as a class, changed, dropped.

import { el, setText } from "../../lib/dom.js"
import { classColor } from "../../lib/palette.js"
import { tr } from "../../lib/words.js"
import { className, count, emptyNote, share, sum, whyNone } from "../pseudo.js"
import { condense, groupsOf, MOST, rowsOf, totalsOf } from "./flow_counts.js"

const LINE = 13 // pixels between names
const NODE = 10,
  GAP = 6,
  TOP = 20,
  LEAST = 1
const SPACE = "http://www.w3.org/2000/svg"

function describe(frame) {
  const n = totalsOf(frame),
    kept = n.fresh + n.stayed + n.changed
  const when = frame.epoch === 0 ? tr("Before the first round") : tr("Round {round}", { round: frame.epoch })
  if (!kept && !n.dropped)
    return tr("{when}: none of the {count} unlabeled rows is kept.", { when, count: count(n.idle) })
  return tr(
    "{when}: {fresh} newly kept, {stayed} stayed, {changed} changed class, {dropped} dropped, {idle} not kept.",
    {
      when,
      fresh: count(n.fresh),
      stayed: count(n.stayed),
      changed: count(n.changed),
      dropped: count(n.dropped),
      idle: count(n.idle),
    },
  )
}

export default {
  id: "flow",
  get title() {
    return tr("Changes between rounds")
  },
  create(root) {
    const asTable = el(
      "button",
      {
        class: "stage-chip",
        type: "button",
        "aria-pressed": "false",
        title: tr("Show the changes as a table"),
        onclick: () => {
          asTable.setAttribute("aria-pressed", String(asTable.getAttribute("aria-pressed") !== "true"))
          drawn = ""
          draw()
        },
      },
      tr("table"),
    )
    root.head.append(asTable)
    const picture = el("div", { class: "pl-flow" })
    const scroller = el("div", {
      class: "stage-scroll",
      tabindex: "0",
      role: "group",
      "aria-label": tr("Changes as a table"),
      hidden: true,
    })
    const words = el("p", { class: "pl-words", "data-testid": "flow-words" })
    root.body.append(picture, scroller)
    root.foot.append(words)
    const empty = emptyNote(root)
    let view = null,
      drawn = ""

    function draw() {
      const { frame, statics, theme } = view ?? {}
      const why =
        !frame || !statics
          ? whyNone(view)
          : !frame.flow
            ? tr("There are too many classes for this figure.")
            : !sum(frame.flow.data)
              ? tr("There are no unlabeled rows, so nothing changes between rounds.")
              : ""
      empty.say(why, picture, scroller)
      setText(words, why ? "" : describe(frame))
      if (why) return
      const isTable = asTable.getAttribute("aria-pressed") === "true"
      picture.hidden = isTable
      scroller.hidden = !isTable
      const width = root.body.clientWidth,
        height = root.body.clientHeight
      const key = [frame.epoch, theme.id, width, height, isTable].join("|")
      if (key === drawn || width < 40) return
      drawn = key
      if (isTable) scroller.replaceChildren(drawTable(frame, statics.classes))
      else picture.replaceChildren(drawFlow(frame, statics.classes, width, height, theme))
    }

    return {
      update(next) {
        if (next.frame !== view?.frame) drawn = ""
        view = next
        draw()
      },
      resize: draw,
      destroy() {},
      summary: (next) => (next.frame?.flow ? describe(next.frame) : whyNone(next)),
    }
  },
}

const nameOf = (node, classes) =>
  node.label >= 0
    ? classes[node.label]
    : node.label === -2
      ? tr("{count} others", { count: node.others })
      : tr("not kept")
const svg = (tag, options, ...children) => {
  const node = document.createElementNS(SPACE, tag)
  for (const [name, value] of Object.entries(options)) node.setAttribute(name, value)
  node.append(...children)
  return node
}

function drawFlow(frame, classes, width, height, theme) {
  const most = frame.flow_classes ? Math.max(MOST, Math.floor((height - TOP) / LINE) - 2) : MOST
  const { nodes, flow } = condense(frame.flow, groupsOf(frame, classes.length), most)
  const side = Math.min(124, width * 0.3),
    total = sum(flow.flat())
  // Each place has at least a pixel, so that a single row can be seen.
  const room = height - TOP - GAP * (nodes.length - 1) - nodes.length * LEAST - 4,
    scale = room / (total || 1)
  const stack = (sizes) => {
    let y = TOP
    return sizes.map((n) => {
      const tall = LEAST + n * scale,
        at = { y, tall, n, used: 0 }
      y += tall + GAP
      return at
    })
  }
  const left = stack(flow.map((row) => sum(row))),
    right = stack(nodes.map((_, to) => sum(flow.map((row) => row[to]))))
  const color = (i) => (nodes[i].label >= 0 ? classColor(nodes[i].label) : theme.muted)
  const root = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": describe(frame),
  })
  const x0 = side + NODE,
    x1 = width - side - NODE,
    middle = (x0 + x1) / 2,
    last = nodes.length - 1
  const bands = []
  flow.forEach((row, from) =>
    row.forEach((n, to) => {
      if (!n) return
      const a = left[from],
        b = right[to],
        thick = Math.max(1, n * scale)
      const [ya, yb] = [a.y + a.used + thick / 2, b.y + b.used + thick / 2]
      a.used += n * scale
      b.used += n * scale
      const isDropped = to === last && from !== last,
        isChanged = from !== to && from !== last && to !== last,
        isIdle = from === last && to === last
      const path = svg(
        "path",
        {
          d: `M${x0} ${ya}C${middle} ${ya} ${middle} ${yb} ${x1} ${yb}`,
          fill: "none",
          "stroke-width": thick,
          stroke: isIdle ? theme.muted : color(isDropped ? from : to),
          "stroke-opacity": isIdle ? 0.16 : isChanged ? 0.85 : isDropped ? 0.6 : from === to ? 0.3 : 0.55,
          ...(isDropped ? { "stroke-dasharray": "3 3" } : {}),
        },
        svg("title", {}, `${nameOf(nodes[from], classes)} → ${nameOf(nodes[to], classes)}: ${count(n)}`),
      )
      bands.push([isChanged || isDropped ? 1 : 0, path])
    }),
  )
  // Changes lie on top: they are few and what is looked for.
  root.append(...bands.sort((a, b) => a[0] - b[0]).map(([, path]) => path))
  const write = (x, y, anchor, text, options = {}) =>
    svg(
      "text",
      {
        x,
        y,
        "text-anchor": anchor,
        "dominant-baseline": "middle",
        "font-size": 12,
        fill: theme.text,
        ...options,
      },
      text,
    )
  root.append(
    write(0, 8, "start", tr("round before"), { fill: theme.muted }),
    write(width, 8, "end", tr("this round"), { fill: theme.muted }),
  )
  for (const [places, x, at, anchor] of [
    [left, side, side - 4, "end"],
    [right, x1, x1 + NODE + 4, "start"],
  ]) {
    const lines = spread(
      places.map((p) => p.y + p.tall / 2),
      LINE,
      height - 6,
    )
    places.forEach((p, i) => {
      root.append(
        svg("rect", { x, y: p.y, width: NODE, height: p.tall, fill: color(i), rx: Math.min(2, p.tall / 2) }),
      )
      const number = count(p.n),
        name = clip(nameOf(nodes[i], classes), Math.max(4, Math.floor((side - 12 - 7 * number.length) / 6.6)))
      const line = write(at, lines[i], anchor, name, p.n ? {} : { fill: theme.muted })
      line.append(svg("tspan", { dx: 6, fill: theme.muted }, number))
      root.append(line)
    })
  }
  return root
}

/** Positions at least `gap` apart, the last not below `floor`. */
function spread(wanted, gap, floor) {
  const put = []
  wanted.forEach((y, i) => put.push(i ? Math.max(y, put[i - 1] + gap) : y))
  for (let i = put.length - 1, most = floor; i >= 0; i--, most -= gap) put[i] = Math.min(put[i], most)
  return put
}

const clip = (text, letters) => (text.length <= letters ? text : `${text.slice(0, letters - 1)}…`)

function drawTable(frame, classes) {
  const groups = groupsOf(frame, classes.length),
    rows = rowsOf(frame, groups)
  const heads = [
    tr("before"),
    tr("newly kept"),
    tr("stayed"),
    tr("came from another class"),
    tr("went to another class"),
    tr("dropped"),
    tr("now"),
  ]
  const total = rows[0].map((_, k) => sum(rows.map((row) => row[k])))
  return el(
    "table",
    { class: "pl-table" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, tr("class")),
        ...heads.map((text) => el("th", { scope: "col" }, text)),
      ),
    ),
    el(
      "tbody",
      {},
      ...rows.map((row, c) =>
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row" },
            groups[c].others ? nameOf(groups[c]) : className(classes, groups[c].label),
          ),
          ...row.map((n) => el("td", {}, count(n))),
        ),
      ),
      el(
        "tr",
        { class: "is-total" },
        el(
          "th",
          { scope: "row" },
          tr("all ({share} kept)", { share: share(total[6], sum(frame.flow.data)) }),
        ),
        ...total.map((n) => el("td", {}, count(n))),
      ),
    ),
  )
}
