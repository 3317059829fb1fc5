// A new step begins at its top: the panel keeps its place while a step is drawn again, and loses it with the step.

/** @param {{parentElement: HTMLElement, data: {place: string}}} component place: lesson and step that are shown */
export function mount({ parentElement, data }) {
  const panel = parentElement.closest(".st-key-lesson-panel")
  if (!panel || panel.dataset.place === data.place) return
  panel.dataset.place = data.place
  panel.scrollTop = 0
}
