// A page that only remembers: as much of a document as the stage's widgets need, without a browser.

class Node {
  constructor(tag) {
    Object.assign(this, {
      tagName: tag.toUpperCase(),
      attributes: {},
      children: [],
      listeners: {},
      dataset: {},
    })
    Object.assign(this, { hidden: false, disabled: false, isConnected: true, value: "" })
    const kept = {}
    this.style = Object.assign(kept, { setProperty: (name, value) => Object.assign(kept, { [name]: value }) })
    const classes = new Set()
    this.classList = {
      add: (name) => classes.add(name),
      contains: (name) => classes.has(name),
      toggle: (name, isOn) => (isOn ? classes.add(name) : classes.delete(name)),
    }
  }

  setAttribute(name, value) {
    this.attributes[name] = String(value)
    if (["hidden", "disabled"].includes(name)) this[name] = true
    if (["max", "value", "title"].includes(name)) this[name] = String(value)
  }

  getAttribute(name) {
    return this.attributes[name] ?? null
  }

  removeAttribute(name) {
    delete this.attributes[name]
  }

  append(...nodes) {
    for (const node of nodes) this.children.push(typeof node === "string" ? textNode(node, this) : node)
    for (const node of nodes) if (node instanceof Node) node.parent = this
    if (this.tagName === "SELECT") this.value ||= this.children[0]?.value
  }

  prepend(...nodes) {
    this.children.unshift(...nodes)
  }

  replaceChildren(...nodes) {
    this.children = []
    this.append(...nodes)
  }

  replaceWith(node) {
    this.parent.children[this.parent.children.indexOf(this)] = node
    node.parent = this.parent
  }

  addEventListener(name, listener) {
    this.listeners[name] = listener
  }

  click() {
    this.listeners.click?.({ target: this })
  }

  focus() {
    globalThis.document.activeElement = this
  }

  on() {}

  get firstChild() {
    return this.children[0]
  }

  get lastChild() {
    return this.children.at(-1)
  }

  get options() {
    return this.children
  }

  get textContent() {
    return this.text ?? this.children.map((child) => child.textContent).join("")
  }

  set textContent(text) {
    this.children = [textNode(text, this)]
  }

  /** The nodes below that pass, in their order. */
  all(isWanted) {
    return this.children.flatMap((child) => [...(isWanted(child) ? [child] : []), ...child.all(isWanted)])
  }

  /** The one node below with this `data-testid`. */
  byId(id) {
    return this.all((node) => node.attributes["data-testid"] === id)[0]
  }
}

function textNode(text, parent) {
  return Object.assign(new Node("#text"), { text: String(text), parent })
}

/** Puts a new document in place; each test begins with one of its own. */
export function openPage() {
  const make = (tag) => new Node(tag)
  const kept = new Map()
  Object.assign(globalThis, {
    document: { createElement: make, createElementNS: (_, tag) => make(tag), activeElement: null },
    localStorage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) },
    window: globalThis,
  })
}
