// What a right is called: the actions by name, seeing a field by the field's.
import { i18n } from '../../i18n'

/** An action that only sees something begins so; the field follows. */
const seeing = 'see '

export const isSeeing = (action: string): boolean => action === 'see' || action === 'see_masked' || action.startsWith(seeing)

export function actionWords(action: string): string {
  const key = action.startsWith(seeing) ? `accounts.field.${action.slice(seeing.length).replace('.', '_')}` : `accounts.action.${action}`
  return i18n.global.te(key, 'zh') ? i18n.global.t(key) : action
}
