// What can be done with an order to a unit, and by whom: what the server would
// refuse is not offered.
import type { UnitOrder, UnitProposal } from '../api/types'

export const orderQueues = ['open', 'sign', 'overdue', 'approval', 'returned', 'all'] as const
export type OrderQueue = (typeof orderQueues)[number]

export type OrderStep =
  | 'sign'
  | 'done'
  | 'return'
  | 'ask_extension'
  | 'ask_suspension'
  | 'resume'
  | 'approve'
  | 'refuse'
  | 'reassign'
  | 'withdraw'

/** The steps that need a reason. */
const reasoned: ReadonlySet<OrderStep> = new Set(['return', 'ask_extension', 'ask_suspension', 'refuse', 'reassign'])
export const needsReason = (step: OrderStep): boolean => reasoned.has(step)

const unitSteps: Record<string, readonly OrderStep[]> = {
  sent: ['sign', 'return'],
  signed: ['done', 'ask_extension', 'ask_suspension', 'return'],
  extension_asked: ['done'],
  suspension_asked: ['done'],
  suspended: ['resume'],
}

/** What the unit itself does; a dispatcher may record it for the unit. */
export const stepsOfUnit = (o: Pick<UnitOrder, 'state'>): readonly OrderStep[] => unitSteps[o.state] ?? []

const closed: ReadonlySet<string> = new Set(['reassigned', 'done', 'withdrawn'])

/** What the desk does in its own name; who asked does not decide. */
export function stepsOfDesk(o: Pick<UnitOrder, 'state' | 'asked_by'>, me: number): readonly OrderStep[] {
  if (closed.has(o.state)) return []
  if (o.state === 'returned') return ['reassign']
  const asked = o.state === 'extension_asked' || o.state === 'suspension_asked'
  return asked && o.asked_by !== me ? ['approve', 'refuse', 'reassign', 'withdraw'] : ['reassign', 'withdraw']
}

type Proposed = NonNullable<UnitProposal['proposed']>[number]

/**
 * Of what a plan wants, who handles while there is work and who checks after it;
 * without a unit that has an order, gave it back or was relieved of it, and none
 * that did the work is to check it.
 */
export function wantedNow(
  proposed: readonly Proposed[],
  orders: readonly Pick<UnitOrder, 'unit_id' | 'state'>[],
  checking: boolean,
): Proposed[] {
  const past = new Set(orders.filter((o) => o.state !== 'withdrawn' && (checking || o.state !== 'done')).map((o) => o.unit_id))
  return proposed.filter((p) => (p.role === 'check') === checking && !past.has(p.unit_id ?? 0))
}

/** Since when the clock that runs now has run. */
export const clockSince = (o: Pick<UnitOrder, 'sent_at' | 'signed_at'>): string => o.signed_at ?? o.sent_at

export const stepPath = (id: number, step: OrderStep): string => `/api/v1/unit-orders/${id}/${step.replace('_', '-')}`
