// Who signs in, by what and with which rights: the API's nouns and commands.
import { command, get, remove } from './client'
import type { components } from './schema.gen'
import type { Session } from './types'

type Schemas = components['schemas']
export type Account = Schemas['Account']
export type Grant = Schemas['Grant']
export type Role = Grant['role']
export type Need = Session['needs'][number]
export type OwnAccount = Schemas['OwnAccountView']
export type PasswordRules = Schemas['PasswordRules']
export type OwnSession = Schemas['OwnSession']
export type Token = Schemas['Token']
export type Tokens = Schemas['TokensView']
export type CreatedToken = Schemas['CreatedTokenView']
export type Enrolment = Schemas['Enrolment']
export type CreatedEnrolment = Schemas['CreatedEnrolmentView']
export type Security = Schemas['SecurityView']
export type AccountWithPassword = Schemas['PasswordView']
export type FactorSecret = Schemas['BeginFactorView']
export type FactorConfirmed = Schemas['ConfirmFactorOutputBody'] & Schemas['RecoveryCodesView']

export const signIn = (username: string, password: string) => command<Session>('/api/v1/session', { username, password })
export const signOut = () => remove('/api/v1/session')
export const whoAmI = () => get<Session>('/api/v1/session')
export const proveFactor = (code: string) => command<Session>('/api/v1/session/factor', { code })
export const recoverFactor = (recovery_code: string) => command<Session>('/api/v1/session/factor', { recovery_code })
export const lockSession = () => command<Session>('/api/v1/session/lock')
export const unlockSession = (password: string) => command<Session>('/api/v1/session/unlock', { password })
export const useEnrolment = (code: string, device: string) => command<Session>('/api/v1/session/enrolment', { code, device })

export const ownAccount = () => get<OwnAccount>('/api/v1/account')
export const changePassword = (old_password: string, new_password: string) =>
  command<Session>('/api/v1/account/password', { old_password, new_password })
export const beginFactor = (password: string) => command<FactorSecret>('/api/v1/account/factor', { password })
export const confirmFactor = (code: string) => command<FactorConfirmed>('/api/v1/account/factor/confirm', { code })
export const renewRecoveryCodes = (code: string) => command<Schemas['RecoveryCodesView']>('/api/v1/account/factor/recovery-codes', { code })
export const removeFactor = (code: string) => command<void>('/api/v1/account/factor/remove', { code })
export const ownSessions = () => get<{ sessions: OwnSession[] }>('/api/v1/account/sessions')
export const endOwnSession = (id: number) => command<void>(`/api/v1/account/sessions/${id}/end`)
export const endOtherSessions = () => command<{ ended: number }>('/api/v1/account/sessions/end-others')

export interface AccountsPage {
  accounts: Account[]
  next_cursor?: string
}

const of = (id: number, what = '') => `/api/v1/accounts/${id}${what}`
export const listAccounts = (params: Record<string, string | number | undefined>) => get<AccountsPage>('/api/v1/accounts', params)
export const getAccount = (id: number) => get<Account>(of(id))
export const accountSessions = (id: number) => get<{ sessions: OwnSession[] }>(of(id, '/sessions'))
export const endAccountSession = (id: number, session: number) => command<Account>(of(id, `/sessions/${session}/end`))

/** Where tokens are kept: one's own, or an account's. */
export interface TokenPaths {
  list: string
  revoke(id: number): string
}
export const ownTokens: TokenPaths = { list: '/api/v1/account/tokens', revoke: (id) => `/api/v1/account/tokens/${id}/revoke` }
export const tokensOf = (account: number): TokenPaths => ({ list: of(account, '/tokens'), revoke: (id) => `/api/v1/tokens/${id}/revoke` })

export const getSecurity = () => get<Security>('/api/v1/security')
export const setFactorRoles = (factor_roles: readonly Role[]) => command<Security>('/api/v1/security', { factor_roles })

export const getEnrolment = (id: number) => get<Enrolment>(`/api/v1/enrolments/${id}`)
