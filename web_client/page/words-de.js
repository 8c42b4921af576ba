/** @type {Record<string, string>} */
export const words = {};
