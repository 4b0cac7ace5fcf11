/** The version of the plugin API. A plugin lists the versions it speaks; the host takes it when this one is among them. */
export const API_VERSION = 1;
