// A new step begins at its top: the panel keeps its place while a step is drawn again, and loses it with the step.
// What is said of an answer comes into view, above Back and Next.

const FRAMES = 40 // within which what is said has its place

/**
 * @param {{parentElement: HTMLElement, data: {place: string, said?: string}}} component place: lesson and step
 *   that are shown. said: key of what is said of the newest answer, and the answer
 */
export function mount({ parentElement, data }) {
  const panel = parentElement.closest(".st-key-lesson-panel")
  if (!panel) return
  if (panel.dataset.place !== data.place) {
    panel.dataset.place = data.place
    panel.scrollTop = 0
  }
  const said = data.said ?? ""
  if ((panel.dataset.said ?? "") === said) return
  panel.dataset.said = said
  if (said) bringIntoView(panel, said.split(" ")[0], FRAMES)
}

/** Again and again for a moment: the parts below an answer move while they are drawn. */
function bringIntoView(panel, key, frames) {
  const said = panel.querySelector(`.st-key-${key}`)
  if (said) {
    const below = panel.querySelector(".st-key-lesson-ways")?.parentElement.offsetHeight ?? 0
    panel.style.scrollPaddingBottom = `${below + 24}px`
    said.scrollIntoView({ block: "nearest" })
  }
  if (frames > 0) requestAnimationFrame(() => bringIntoView(panel, key, frames - 1))
}
