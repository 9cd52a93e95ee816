// One key for one thing said: a repeat after a lost answer has no second effect.

export interface Once {
  /** The key of a body: the same until another is said, or it was taken. */
  keyOf(body: unknown): string
  taken(): void
}

export function once(newKey: () => string): Once {
  let last = ''
  let key = ''
  return {
    keyOf(body) {
      const text = JSON.stringify(body)
      if (text !== last) {
        last = text
        key = newKey()
      }
      return key
    },
    taken() {
      last = ''
    },
  }
}
