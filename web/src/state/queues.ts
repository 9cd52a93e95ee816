// The console's queues and the order of urgency, from the picture alone, so that
// a count is always the length of its list.
import type { Incident } from '../api/types'

export type QueueName = 'open' | 'mine' | 'unassigned' | 'overdue' | 'check'
export const queueNames: readonly QueueName[] = ['open', 'mine', 'unassigned', 'overdue', 'check']

const order: Record<string, number> = { critical: 0, urgent: 1, normal: 2, low: 3 }

export function inQueue(i: Incident, queue: QueueName, me: number, now: number): boolean {
  switch (queue) {
    case 'open':
      return true
    case 'mine':
      return i.opened_by === me || i.verified_by === me
    case 'unassigned':
      return (i.state === 'verified' || i.state === 'dispatching') && i.active === 0 && !i.orders
    case 'overdue':
      return i.due_at !== undefined && Date.parse(i.due_at) < now
    case 'check':
      return i.state === 'resolved' || i.state === 'checked'
  }
}

/** Most urgent first; of equal priority the older first; the id keeps the order still. */
export function byUrgency(a: Incident, b: Incident): number {
  return (order[a.priority] ?? 9) - (order[b.priority] ?? 9) || Date.parse(a.reported_at) - Date.parse(b.reported_at) || a.id - b.id
}

export function queueOf(incidents: Iterable<Incident>, queue: QueueName, me: number, now: number): Incident[] {
  return [...incidents].filter((i) => inQueue(i, queue, me, now)).sort(byUrgency)
}

export type ClockState = 'in-time' | 'near' | 'over' | 'none'

/** How a clock stands: near in its last fifth. */
export function clockState(since: string, due: string | undefined, now: number): ClockState {
  if (!due) return 'none'
  const start = Date.parse(since)
  const end = Date.parse(due)
  if (now >= end) return 'over'
  return now >= end - (end - start) / 5 ? 'near' : 'in-time'
}

/** 4:05, 1:02:03; days as 2d 03:04 are written by the caller's language. */
export function clockText(ms: number): string {
  const s = Math.max(0, Math.floor(Math.abs(ms) / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const h = Math.floor(s / 3600)
  return h > 0 ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`
}
