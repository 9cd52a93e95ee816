// The address of the page of rosters, as state.
import { ref, watch } from 'vue'
import { type RosterAddress, readAddress, writeAddress } from '../../state/roster_address'
import { arrivals, own, remember, show } from '../views'

export const address = ref<RosterAddress>(readAddress(own('roster')))

/** Shows something else; a tab or a week can be gone back from. */
export function go(to: Partial<RosterAddress>): void {
  const next = { ...address.value, ...to }
  const back = next.tab !== address.value.tab || next.week !== address.value.week
  address.value = next
  if (back) show('roster', writeAddress(next))
  else remember('roster', new URLSearchParams(writeAddress(next)))
}

// Back, forward and links from elsewhere.
watch(arrivals, () => {
  const next = readAddress(own('roster'))
  if (JSON.stringify(next) !== JSON.stringify(address.value)) address.value = next
})
