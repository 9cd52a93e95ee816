import { accounts } from './accounts'
import { audit } from './audit'

import { common } from './common'
import { console } from './console'
import { entry } from './entry'
import { imports } from './imports'
import { mobile } from './mobile'
import { privacy } from './privacy'
import { registers } from './registers'
import { resident } from './resident'
import { roster } from './roster'
import { wall } from './wall'

export const zh = { accounts, audit, common, console, entry, imports, mobile, privacy, registers, resident, roster, wall }
