// When a stage has something to see, so that what takes long is done after that.

const LONGEST_MS = 1500

/** Ends at the first frame that is painted, or after a moment where there is none yet. */
export class FirstLook {
  constructor() {
    this.shown = new Promise((resolve) => {
      this.end = resolve
    })
    this.timer = setTimeout(this.end, LONGEST_MS)
  }

  /** @param {object | null} frame what has just been drawn */
  painted(frame) {
    if (!frame || this.isOver) return
    this.isOver = true
    clearTimeout(this.timer)
    // After the browser has put it on the screen.
    requestAnimationFrame(() => setTimeout(this.end, 0))
  }
}
