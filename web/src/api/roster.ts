// The nouns of rosters by their names, from the document the server gives.
import type { components } from './schema.gen'

type Schemas = components['schemas']
export type AreaForce = Schemas['AreaForce']
export type DutyKind = RosterDuty['kind']
export type GapsView = Schemas['GapsView']
export type Holiday = Schemas['Holiday']
export type OnRoster = Schemas['OnRoster']
export type RosterConflict = Schemas['RosterConflict']
export type RosterDuty = Schemas['RosterDuty']
export type RosterGap = Schemas['RosterGap']
export type RosterNow = Schemas['RosterNowView']
export type Rotation = Schemas['Rotation']
export type Shift = Schemas['Shift']
export type Team = Schemas['Team']
