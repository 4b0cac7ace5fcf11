/** Lists of plugins by name, for those who do not want to list them one by one. */

export const PRESETS: ReadonlyMap<string, readonly string[]> = new Map([
  ['core', []],
  ['edge', ['leaf', 'auth', 'tls']],
  ['standard', ['auth', 'tls', 'monitoring']],
]);
