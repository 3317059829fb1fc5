// What Python says of something that the stage tells Python, too: a wish, or only an echo that comes a rerun late.

/** One value that both sides may set. */
export class Told {
  /** @param {unknown} value what Python has said first */
  constructor(value) {
    this.last = value
    this.echoes = [] // values that we sent and that will come back
  }

  /** We tell Python. */
  tell(value) {
    this.echoes.push(value)
  }

  /** Whether Python, which says this now, asks for it. */
  isWish(value) {
    if (value === this.last) return false
    this.last = value
    const echo = this.echoes.indexOf(value)
    if (echo < 0) return true
    this.echoes.splice(0, echo + 1)
    return false
  }
}
