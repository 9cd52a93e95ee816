export const roster = {
  title: 'Roster',
}
