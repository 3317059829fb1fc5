// A new step begins at its top: the panel keeps its place while a step is drawn again, and loses it with the step.
// What is said of an answer comes into view, above Back and Next.

const MOMENT = 1500 // ms within which what is said has its place

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
  if (said) bringIntoView(panel, said.split(" ")[0])
}

/** For a moment, since parts move while they are drawn; it ends where the reader scrolls. */
function bringIntoView(panel, key) {
  const until = performance.now() + MOMENT
  let isOver = false
  const end = () => {
    isOver = true
  }
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"])
    panel.addEventListener(name, end, { once: true, passive: true })
  const look = () => {
    if (isOver || performance.now() > until) return
    const said = panel.querySelector(`.st-key-${key}`)
    if (said) {
      const below = panel.querySelector(".st-key-lesson-ways")?.parentElement.offsetHeight ?? 0
      panel.style.scrollPaddingBottom = `${below + 24}px`
      said.scrollIntoView({ block: "nearest" })
    }
    requestAnimationFrame(look)
  }
  look()
}
