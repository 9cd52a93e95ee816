import { common } from './common'
import { console } from './console'
import { mobile } from './mobile'
import { resident } from './resident'
import { wall } from './wall'

export const zh = { common, console, mobile, resident, wall }
