/** Which connection of a pool an account belongs on: FNV-1a of its name's bytes, 32 bits wide. */

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** `name`: one character for each byte. */
export function accountIndex(name: string, poolSize: number): number {
  if (poolSize <= 1) return 0;
  let hash = OFFSET_BASIS;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), PRIME);
  return (hash >>> 0) % poolSize;
}
