// What residents say of how their reports were handled (满意度). Pure.
import type { Report } from '../api/types'

export const answers = ['satisfied', 'mostly', 'dissatisfied'] as const
export type Answer = (typeof answers)[number]

/** How many characters say why not. */
export const mostWords = 200

/** What is sent: words belong to the answer that is not satisfied alone. */
export function answerBody(answer: Answer, words: string): { answer: Answer; words?: string } {
  const said = [...words.trim()].slice(0, mostWords).join('')
  return answer === 'dissatisfied' && said ? { answer, words: said } : { answer }
}

/** Those of an incident’s reports that do not satisfy as it is closed now. */
export function unhappy(reports: readonly Pick<Report, 'answers'>[], closedAt: string | undefined): Report['answers'] {
  const closed = closedAt ? Date.parse(closedAt) : Number.NaN
  return reports.flatMap((r) => r.answers.filter((a) => a.answer === 'dissatisfied' && Date.parse(a.closed_at) === closed))
}
