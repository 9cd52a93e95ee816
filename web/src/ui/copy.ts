// Copies a text. Without HTTPS there is no clipboard for pages: a selection is
// copied then, as by hand.

export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // refused: as by hand
    }
  }
  const area = document.createElement('textarea')
  const before = document.activeElement
  area.value = text
  area.className = 'hidden-visually'
  document.body.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return copied
}
