// Names of what is on record, in words. An action the page does not know yet is
// shown as it is.

type Translate = (key: string) => string

export function actionText(action: string, t: Translate, te: (key: string) => boolean): string {
  const key = `privacy.action.${action.replaceAll('.', '_')}`
  return te(key) ? t(key) : action
}
