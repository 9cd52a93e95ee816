import { accounts } from './accounts'
import { audit } from './audit'

import { callup } from './callup'
import { common } from './common'
import { console } from './console'
import { entry } from './entry'
import { figures } from './figures'
import { imports } from './imports'
import { mobile } from './mobile'
import { orders } from './orders'
import { privacy } from './privacy'
import { registers } from './registers'
import { resident } from './resident'
import { roster } from './roster'
import { types } from './types'
import { wall } from './wall'

export const en = {
  accounts,
  audit,
  callup,
  common,
  console,
  entry,
  figures,
  imports,
  mobile,
  orders,
  privacy,
  registers,
  resident,
  roster,
  types,
  wall,
}
