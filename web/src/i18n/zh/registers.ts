export const registers = {
  title: '台账',
}
