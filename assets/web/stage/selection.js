// Samples that a person has chosen on the map: A, and for a way between two, B. Shared by the map and all tabs.

/** Row numbers of the chosen samples; null where none is chosen. */
export class Selection {
  constructor(changed) {
    this.first = null
    this.second = null
    this.changed = changed
    this.wantsSecond = false // whether the next click chooses B, also without a Shift key
  }

  /** Have the next click choose B; once more takes it back. */
  wantSecond() {
    this.wantsSecond = this.first !== null && !this.wantsSecond
    this.changed()
  }

  /** A click on a sample. */
  click(sample, hasShift) {
    const isSecond = (hasShift || this.wantsSecond) && this.first !== null
    this.wantsSecond = false
    if (isSecond) this.setSecond(sample)
    else this.set(sample)
  }

  /** Choose A; the same sample again lets it go. */
  set(sample) {
    this.first = sample === this.first ? null : sample
    if (this.first === null) this.second = null
    this.changed()
  }

  /** Choose B. */
  setSecond(sample) {
    this.second = sample === this.second || sample === this.first ? null : sample
    this.changed()
  }

  /** Choose both at once. */
  setBoth(first, second) {
    this.first = first
    this.second = second
    this.changed()
  }
}
