export const resident = {}
