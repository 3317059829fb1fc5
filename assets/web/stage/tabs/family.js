// Family portrait: the same data, network, seed and budget through several objectives, side by side under one cursor.

import { el, fixed, percent, setText } from "../../lib/dom.js"
import { addShape, classColor } from "../../lib/palette.js"
import { parseSafetensors } from "../../lib/safetensors.js"
import { tr, withLanguage } from "../../lib/words.js"
import { drawItem, itemAt } from "../items.js"

const TILES = 8,
  POLL_MS = 2000,
  MAP = 190
const ENDED = ["finished", "stopped", "failed", "interrupted"]

export default {
  id: "family",
  get title() {
    return tr("Family portrait")
  },
  get help() {
    return tr("The same data, network, seed and number of epochs with several [[objectives|objective]].")
  },
  isFor: (state) => state.can_decode !== false,
  create(root, ctx) {
    const body = el("div", { "data-testid": "family" })
    root.body.append(body)
    const cards = new Map()
    let view = null,
      members = null,
      timer = null,
      isGone = false,
      problem = ""

    async function poll() {
      clearTimeout(timer)
      try {
        const response = await ctx.store.ask("family")
        const answer = await response.json()
        problem = response.ok ? "" : answer.error
        members = response.ok ? answer.members : []
      } catch {
        problem = tr("The server did not answer. Trying again.")
        members ??= []
      }
      if (isGone) return
      layout()
      const isBusy = members.some((m) => !ENDED.includes(m.status))
      if ((isBusy || problem) && body.isConnected) timer = setTimeout(poll, POLL_MS)
    }

    function layout() {
      if (problem && !members.length) return body.replaceChildren(el("p", { class: "lab-problem" }, problem))
      if (!members.length) return body.replaceChildren(offer())
      const shown = members.map((member) => {
        if (!cards.has(member.run)) cards.set(member.run, new Card(member, ctx))
        const card = cards.get(member.run)
        card.take(member, view)
        return card.root
      })
      // A node has one place: the wall is built again only when its members change.
      const key = members.map((member) => member.run).join()
      if (body.firstChild?.dataset?.key === key) return
      const wall = el("div", { class: "lab-family" }, ...shown)
      wall.dataset.key = key
      body.replaceChildren(wall)
    }

    function offer() {
      const button = el(
        "button",
        {
          class: "stage-button",
          type: "button",
          "data-testid": "family-train",
          onclick: async () => {
            button.disabled = true
            const made = await ctx.store.command("family", {
              submission: crypto.randomUUID?.() ?? String(Math.random()),
            })
            button.disabled = false
            if (made.error) ctx.tell(made.error)
            else poll()
          },
        },
        tr("Train the family"),
      )
      return el(
        "div",
        { class: "lab-offer" },
        el(
          "p",
          {},
          tr(
            "Queues one run each for the other objectives: plain, denoising, sparse, variational and vector-quantized. They train one after the other and appear here as they start.",
          ),
        ),
        button,
      )
    }
    poll()
    return {
      update(next) {
        view = next
        if (members?.length) for (const card of cards.values()) card.show(next)
      },
      resize() {},
      destroy() {
        isGone = true
        clearTimeout(timer)
      },
    }
  },
}

/** Where a run stands; "" of one that is done. */
function sayStatus({ status, epoch, epochs }) {
  if (status === "finished") return ""
  if (status === "stopped") return tr("stopped")
  if (status === "failed") return tr("failed")
  if (status === "interrupted") return tr("interrupted")
  if (status === "queued") return tr("queued")
  return tr("epoch {epoch} of {epochs}", { epoch, epochs })
}

/** One run of the family. */
class Card {
  constructor(member, ctx) {
    this.member = member
    this.base = ctx.store.base
    this.frames = []
    this.rows = []
    this.asked = ""
    const isSelf = member.run === ctx.store.run
    const title = isSelf
      ? el("strong", {}, tr("{title} (this run)", { title: member.title }))
      : el(
          "button",
          {
            class: "lab-link",
            type: "button",
            title: tr("Open this run"),
            onclick: () => ctx.open(member.run),
          },
          member.title,
        )
    this.status = el("span", { class: "stage-muted" })
    this.tiles = el("div", { class: "lab-tiles" })
    this.canvas = el("canvas", { class: "lab-map", width: MAP * 2, height: MAP * 2, role: "img" })
    this.numbers = el("dl", { class: "lab-facts" })
    this.root = el(
      "article",
      { class: "lab-member", "data-run": member.run, "data-objective": member.kind },
      el("header", {}, title, this.status),
      this.tiles,
      this.canvas,
      this.numbers,
    )
  }

  ask(path) {
    return fetch(withLanguage(`${this.base}/runs/${encodeURIComponent(this.member.run)}/${path}`), {
      headers: { "X-Studio-Token": this.member.token },
    })
  }

  take(member, view) {
    const isNews =
      member.epoch !== this.member.epoch || member.status !== this.member.status || !this.frames.length
    this.member = member
    setText(this.status, sayStatus(member))
    if (isNews) this.refresh(view)
  }

  async refresh(view) {
    try {
      const live = await (await this.ask("live?since=0")).json()
      this.frames = live.frames ?? []
      this.rows = (live.rows ?? []).filter((row) => row.kind === "epoch")
      this.asked = ""
      if (view) this.show(view)
    } catch {
      /* the next poll asks again */
    }
  }

  async show(view) {
    this.view = view
    if (!this.frames.length || view.cursor === null) return
    const epoch = this.frames.reduce(
      (best, e) => (Math.abs(e - view.cursor) < Math.abs(best - view.cursor) ? e : best),
      this.frames[0],
    )
    const key = `${epoch}|${view.theme.id}`
    if (key === this.asked) return
    this.asked = key
    try {
      this.statics ??= await this.read("static")
      const frame = await this.read(`frames/${epoch}`)
      if (this.asked === key) this.draw(epoch, frame)
    } catch {
      this.asked = ""
    }
  }

  async read(path) {
    const response = await this.ask(path)
    if (!response.ok) throw new Error(String(response.status))
    const { arrays, about } = parseSafetensors(await response.arrayBuffer())
    return path === "static"
      ? {
          ...arrays,
          kind: about.kind,
          shape: JSON.parse(about.item_shape),
          classes: JSON.parse(about.classes),
          columns: JSON.parse(about.columns),
        }
      : arrays
  }

  draw(epoch, frame) {
    const { statics } = this,
      count = statics.shape.length > 1 ? Math.min(TILES, statics.inputs.shape[0]) : 1
    const size = statics.shape.length > 1 ? 34 : 70
    const line = (array) =>
      el(
        "div",
        { class: "lab-line" },
        ...Array.from({ length: count }, (_, i) => drawItem(statics, itemAt(array, i), { size })),
      )
    this.tiles.replaceChildren(
      line(statics.inputs),
      ...(frame.corrupted ? [line(frame.corrupted)] : []),
      line(frame.reconstructions),
    )
    const row = this.rows.find((r) => r.epoch === epoch)
    const facts = [
      [tr("epoch"), String(epoch)],
      [tr("error on validation samples"), fixed(row?.val_mse, 4)],
      [tr("{count} nearest neighbors", { count: 5 }), percent(row?.knn_accuracy)],
      [tr("linear classifier"), percent(row?.probe_accuracy)],
    ]
    this.numbers.replaceChildren(
      ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
    )
    scatter(this.canvas, frame.map, statics.labels.data)
    this.canvas.setAttribute(
      "aria-label",
      tr("Latent map of {title} at epoch {epoch}", { title: this.member.title, epoch }),
    )
  }
}

function scatter(canvas, map, labels) {
  const context = canvas.getContext("2d"),
    [n, k] = map.shape,
    side = canvas.width
  context.clearRect(0, 0, side, side)
  const at = (axis) => Float32Array.from({ length: n }, (_, i) => map.data[k * i + axis])
  const limits = [0, 1].map((axis) => {
    const v = at(axis).sort()
    return [v[Math.floor(n * 0.005)], v[Math.floor((n - 1) * 0.995)]]
  })
  const span = Math.max(...limits.map(([a, b]) => b - a)) * 1.1 || 1
  const place = (i, axis) => {
    const [a, b] = limits[axis],
      t = (map.data[k * i + axis] - (a + b) / 2) / span + 0.5
    return axis ? side * (1 - t) : side * t
  }
  for (const label of new Set(labels)) {
    const path = new Path2D()
    for (let i = 0; i < n; i++) if (labels[i] === label) addShape(path, label, place(i, 0), place(i, 1), 3.4)
    context.fillStyle = classColor(label)
    context.globalAlpha = 0.75
    context.fill(path)
  }
}
