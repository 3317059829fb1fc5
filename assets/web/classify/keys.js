// Keys of the classes while a toggle, a radio button or a slider has the focus: Streamlit's shortcuts are silent in any
// input. Text boxes stay what they are.

const SILENT = "input[type=checkbox], input[type=radio], input[type=range]"
let held = null

/** @param {{data: {buttons: Record<string, string>}}} component key → key of the Streamlit button that it presses */
export function mount({ data }) {
  if (!held) document.addEventListener("keydown", press, true)
  held = data
  return () => {
    if (held !== data) return
    held = null
    document.removeEventListener("keydown", press, true)
  }
}

/** Press the button of a class when its key is typed. @param {KeyboardEvent} event */
export function press(event) {
  if (!held || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  const name = held.buttons[event.key.toLowerCase()]
  if (!name || !event.target.matches?.(SILENT)) return
  const button = document.querySelector(`.st-key-${name} button`)
  if (!button) return
  event.preventDefault()
  event.stopPropagation()
  button.click()
}
