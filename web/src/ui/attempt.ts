// One try at a time of something that may be refused, and what is said of it.
import { ref, shallowRef } from 'vue'
import { ApiError } from '../api/client'
import { i18n } from '../i18n'
import { span, words } from './text'

const hinted = new Set(['locked', 'too_many', 'bad_credentials', 'bad_code'])

/** What was refused, and what one can do about it. */
export function advice(e: unknown): string {
  if (!(e instanceof ApiError) || !hinted.has(e.code)) return words(e)
  return `${words(e)}${i18n.global.locale.value === 'zh' ? '' : ' '}${i18n.global.t(`entry.hint.${e.code}`, { after: span((e.retryAfter || 60) * 1000) })}`
}

export function useAttempt() {
  const busy = ref(false)
  const failure = ref('')
  const refused = shallowRef<ApiError | null>(null)

  /** Whether it succeeded; `then` is given its answer. */
  async function run<T>(what: () => Promise<T>, then: (answer: T) => unknown = () => {}): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    failure.value = ''
    refused.value = null
    try {
      await then(await what())
      return true
    } catch (e) {
      refused.value = e instanceof ApiError ? e : null
      failure.value = advice(e)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, failure, refused, run }
}
