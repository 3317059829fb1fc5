// The panel that the open step of a lesson is about: it stands first, has a frame, and comes into view once.

/**
 * @param {HTMLElement} grid whose children are the panels
 * @param {{node: HTMLElement, id: string}[]} panels in their own order
 * @returns {{wish: (id: string) => void, painted: () => void}} painted: to be called once the panels have been drawn
 */
export function createLook(grid, panels) {
  let now = ""
  let isDue = false
  const nodeOf = (id) => panels.find((panel) => panel.id === id)?.node

  return {
    /** @param {string} id of a panel; "", or one that this task does not have, for the usual order. */
    wish(id) {
      if (id === now) return
      now = id
      const looked = nodeOf(id)
      for (const { node } of panels) node.classList.toggle("is-looked-at", node === looked)
      const others = panels.map(({ node }) => node).filter((node) => node !== looked)
      grid.replaceChildren(...(looked ? [looked] : []), ...others)
      isDue = Boolean(looked)
    },
    /** Nothing moves where the panel is on the screen already. */
    painted() {
      if (!isDue) return
      isDue = false
      nodeOf(now)?.scrollIntoView({ block: "nearest", behavior: "smooth" })
    },
  }
}
