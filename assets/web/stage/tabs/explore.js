// Play with the code: walk along its dimensions, between two samples, from class to class, and draw new ones.

import { brief, className, el, fixed, percent, setText } from "../../lib/dom.js"
import { tr } from "../../lib/words.js"
import { asker, epochKey } from "../asking.js"
import { nameOf, select, toggle } from "../controls.js"
import { drawItem, drawMany, itemAt } from "../items.js"

const SIZE = 44

export default {
  id: "explore",
  get title() {
    return tr("Play with the code")
  },
  says: "code",
  get help() {
    return tr(
      "Change the [[code]] by hand and see what the [[decoder]] outputs. Click a point on the map to choose sample A; Choose B or a Shift-click takes a second one.",
    )
  },
  // Without the patches around it a masked autoencoder's code gives no image.
  isFor: (state) => state.can_decode !== false,
  create(root, ctx) {
    let view = null
    const grid = el("div", { class: "lab-sections" })
    root.body.append(grid)
    const parts = [traversal, interpolation, arithmetic, sampling].map((make) =>
      make(grid, ctx, () => {
        if (view) update(view)
      }),
    )

    function update(next) {
      view = next
      for (const part of parts) part.update(next)
    }
    return { update, resize() {}, destroy() {} }
  },
}

function section(grid, title, ...controls) {
  const body = el("div", {})
  grid.append(
    el(
      "section",
      { class: "lab-section", "aria-label": title },
      el("header", {}, el("h4", {}, title), ...controls),
      body,
    ),
  )
  return body
}

function traversal(grid, ctx, again) {
  const count = select(
    tr("Dimensions"),
    ["4", "8", "16"].map((number) => [number, tr("{count} dimensions", { count: number })]),
    again,
  )
  count.value = "4"
  const note = el("span", { class: "stage-muted" })
  const body = section(grid, tr("Along each dimension"), note, count)
  let view = null
  const part = asker(body, ({ arrays, about }, target) => {
    const steps = arrays.offsets.shape[0],
      dims = arrays.order.shape[0]
    if (view.statics.shape.length < 2) {
      return target.replaceChildren(
        drawMany(
          view.statics,
          Array.from({ length: dims * steps }, (_, i) => {
            const offset = arrays.offsets.data[i % steps]
            return {
              bytes: itemAt(arrays.images, i),
              label: tr("dim {dimension}, {offset} SD", {
                dimension: arrays.order.data[Math.floor(i / steps)],
                offset: `${offset > 0.01 ? "+" : ""}${fixed(offset, 1)}`,
              }),
            }
          }),
        ),
      )
    }
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, tr("SD")),
      ...Array.from(arrays.offsets.data, (o) =>
        el("th", { scope: "col" }, o > 0.01 ? `+${fixed(o, 1)}` : fixed(o, 1)),
      ),
    )
    const rows = Array.from({ length: dims }, (_, i) =>
      el(
        "tr",
        {},
        el(
          "th",
          { scope: "row" },
          tr("dim {dimension}", { dimension: arrays.order.data[i] }),
          el(
            "small",
            {},
            about.by === "variance"
              ? tr("variance {value}", { value: brief(arrays.importance.data[i], 2) })
              : tr("KL {value}", { value: brief(arrays.importance.data[i], 2) }),
          ),
        ),
        ...Array.from({ length: steps }, (_, j) =>
          el("td", {}, drawItem(view.statics, itemAt(arrays.images, i * steps + j), { size: SIZE })),
        ),
      ),
    )
    target.replaceChildren(
      el(
        "div",
        {
          class: "lab-scroll",
          tabindex: 0,
          role: "region",
          "aria-label": tr("Samples along each dimension"),
        },
        el(
          "table",
          { class: "lab-table", "data-testid": "explore-traversal" },
          el("thead", {}, head),
          el("tbody", {}, ...rows),
        ),
      ),
    )
  })
  return {
    update(next) {
      view = next
      const sample = ctx.selection.first
      setText(
        note,
        sample === null
          ? tr("from the mean code")
          : tr("from A ({sample})", { sample: nameOf(next, sample) }),
      )
      const isTable = next.statics.shape.length < 2
      count.hidden = isTable
      part.want([epochKey(next), sample, count.value].join("|"), () =>
        ctx.tool("traversal", {
          sample,
          dimensions: isTable ? 2 : Number(count.value),
          steps: isTable ? 3 : 9,
        }),
      )
    },
  }
}

function interpolation(grid, ctx, again) {
  const path = toggle(
    tr("Path"),
    [
      ["linear", tr("straight")],
      ["spherical", tr("curved")],
    ],
    again,
  )
  const random = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      onclick: () => {
        const n = view.statics.labels.data.length
        const a = Math.floor(Math.random() * n),
          b = (a + 1 + Math.floor(Math.random() * (n - 1))) % n
        ctx.selection.setBoth(a, b)
      },
    },
    tr("two at random"),
  )
  // For fingers, which have no Shift key.
  const second = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      "aria-pressed": "false",
      "data-testid": "explore-choose-b",
      title: tr("The next click on the map chooses B"),
      onclick: () => ctx.selection.wantSecond(),
    },
    tr("Choose B"),
  )
  const body = section(grid, tr("From A to B"), path.root, second, random)
  const hint = el(
    "p",
    { class: "stage-muted" },
    tr("Click a point on the map for A, then press Choose B (or hold Shift) and click another."),
  )
  body.append(hint)
  let view = null
  const part = asker(body, ({ arrays }, target) => {
    const steps = arrays.images.shape[0]
    target.replaceChildren(
      drawMany(
        view.statics,
        [
          { bytes: itemAt(arrays.inputs, 0), label: tr("A, input") },
          ...Array.from({ length: steps }, (_, i) => ({
            bytes: itemAt(arrays.images, i),
            label: percent(i / (steps - 1), 0),
          })),
          { bytes: itemAt(arrays.inputs, 1), label: tr("B, input") },
        ],
        SIZE,
      ),
    )
  })
  return {
    update(next) {
      view = next
      const { first: a, second: b, wantsSecond } = ctx.selection
      second.disabled = a === null
      second.setAttribute("aria-pressed", String(wantsSecond))
      hint.hidden = a !== null && b !== null
      part.target.hidden = !hint.hidden
      if (hint.hidden)
        part.want([epochKey(next), a, b, path.value].join("|"), () =>
          ctx.tool("interpolate", { a, b, kind: path.value, steps: next.statics.shape.length < 2 ? 3 : 9 }),
        )
    },
  }
}

function arithmetic(grid, ctx, again) {
  const plus = el("select", { class: "stage-input", "aria-label": tr("Class to add"), onchange: again })
  const minus = el("select", { class: "stage-input", "aria-label": tr("Class to subtract"), onchange: again })
  const body = section(
    grid,
    tr("Arithmetic"),
    el("span", { class: "lab-sum" }, tr("+ mean of"), plus, tr("− mean of"), minus),
  )
  const note = el("p", { class: "stage-muted" })
  body.append(note)
  let view = null
  const part = asker(body, ({ arrays }, target) =>
    target.replaceChildren(
      drawMany(
        view.statics,
        Array.from(arrays.weights.data, (w, i) => ({
          bytes: itemAt(arrays.images, i),
          label: `× ${fixed(w, 2)}`,
        })),
        SIZE,
      ),
    ),
  )
  return {
    update(next) {
      view = next
      const { classes, labels } = next.statics
      const present = [...new Set(labels.data)].filter((l) => l >= 0).sort((a, b) => a - b)
      body.parentElement.hidden = present.length < 2
      if (present.length < 2) return
      if (!plus.childElementCount) {
        for (const list of [plus, minus])
          list.append(...present.map((l) => el("option", { value: String(l) }, classes[l])))
        plus.value = String(present[1])
      }
      const sample = ctx.selection.first
      setText(
        note,
        sample === null
          ? tr("Starts at the mean code of {name}.", { name: className(classes[Number(minus.value)]) })
          : tr("Starts at A ({sample}).", { sample: nameOf(next, sample) }),
      )
      part.want([epochKey(next), sample, plus.value, minus.value].join("|"), () =>
        ctx.tool("arithmetic", {
          sample,
          plus: Number(plus.value),
          minus: Number(minus.value),
          steps: next.statics.shape.length < 2 ? 3 : 7,
        }),
      )
    },
  }
}

function sampling(grid, ctx, again) {
  let seed = 0,
    view = null
  const source = toggle(
    tr("Codes from"),
    [
      ["gaussian", tr("fitted Gaussian")],
      ["prior", tr("prior")],
    ],
    again,
  )
  const more = el(
    "button",
    {
      class: "stage-chip",
      type: "button",
      onclick: () => {
        seed++
        again()
      },
    },
    tr("Draw again"),
  )
  const body = section(grid, tr("New samples"), source.root, more)
  const part = asker(body, ({ arrays, about }, target) =>
    target.replaceChildren(
      el(
        "div",
        { "data-testid": "explore-samples" },
        drawMany(
          view.statics,
          Array.from({ length: arrays.images.shape[0] }, (_, i) => ({ bytes: itemAt(arrays.images, i) })),
          SIZE,
        ),
      ),
      el("p", { class: "stage-muted" }, about.note),
    ),
  )
  return {
    update(next) {
      if (!view && next.state.objective === "variational") {
        view = next
        source.set("prior")
        return
      }
      view = next
      part.want([epochKey(next), source.value, seed].join("|"), () =>
        ctx.tool("sample", { source: source.value, seed, count: next.statics.shape.length < 2 ? 4 : 24 }),
      )
    },
  }
}
