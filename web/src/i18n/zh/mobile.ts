export const mobile = {}
