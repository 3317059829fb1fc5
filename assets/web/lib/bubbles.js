// Bubbles of text that open beside a word: <details class="bubble">. They close by Escape and by a click elsewhere.

/**
 * Have all bubbles below a node close as people expect; returns what ends this.
 * @param {HTMLElement} root
 */
export function closeBubbles(root) {
  const open = () => [...root.querySelectorAll("details.bubble")].filter((one) => one.open)
  const onClick = (event) => {
    for (const one of open()) if (!one.contains(event.target)) one.open = false
  }
  const onKey = (event) => {
    if (event.key !== "Escape") return
    for (const one of open()) {
      const hadFocus = one.contains(document.activeElement)
      one.open = false
      if (hadFocus) one.querySelector("summary").focus()
      event.preventDefault() // a selection below stays
    }
  }
  document.addEventListener("click", onClick, true)
  document.addEventListener("keydown", onKey, true)
  return () => {
    document.removeEventListener("click", onClick, true)
    document.removeEventListener("keydown", onKey, true)
  }
}
