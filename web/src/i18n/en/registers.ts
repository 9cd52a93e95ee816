export const registers = {
  title: 'Registers',
}
