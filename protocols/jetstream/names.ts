/** Names of streams and consumers, and how long things may be. */

export const NAME_BYTES_MAX = 255;
export const DESCRIPTION_BYTES_MAX = 4096;
export const METADATA_BYTES_MAX = 128 * 1024;

/** A stream's name is a token of subjects and once was a folder. */
export function isValidName(name: string): boolean {
  return name !== '' && !/[\s.*>\\/\p{Cc}\p{Cf}\p{Zs}]/u.test(name);
}

export function hasPathSeparator(name: string): boolean {
  return /[\\/]/.test(name);
}
