/** The level of the API that is spoken. */
export const API_LEVEL = 5;
