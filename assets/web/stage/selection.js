// Samples that a person has chosen on the map: A, and for a way between two, B. Shared by the map and all tabs.

/** Row numbers of the chosen samples; null where none is chosen. */
export class Selection {
  constructor(changed) {
    this.first = null
    this.second = null
    this.changed = changed
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
