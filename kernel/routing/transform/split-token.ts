/** Cuts one token into several, joined by dots. Positions and sizes count bytes. */
import { Buffer, isUtf8 } from 'node:buffer';

/** A cut outside the token leaves it whole. */
export function cutAt(token: string, position: number): string {
  if (position <= 0 || position >= token.length) return token;
  return `${token.slice(0, position)}.${token.slice(position)}`;
}

/** Pieces of `size`, the first of them shortened to `first` when that is not 0. */
export function cutInPieces(token: string, size: number, first: number): string {
  if (size <= 0 || size >= token.length) return token;
  const pieces: string[] = [];
  for (let at = 0, end = first === 0 ? size : first; at < token.length; at = end, end += size) {
    pieces.push(token.slice(at, end));
  }
  return pieces.join('.');
}

/**
 * Parts between delimiters; empty ones vanish. A token that begins with two delimiters gets a dot in front all the same
 * and so becomes an invalid subject: streams store what servers make of it, therefore it is kept.
 */
export function splitBy(token: string, delimiter: string): string {
  const parts = delimiter === '' ? characters(token) : token.split(delimiter);
  let result = '';
  for (let at = 0; at < parts.length; at++) {
    result += parts[at];
    const isEmptyStart = at === 0 && parts[at] === '';
    if (at + 1 < parts.length && parts[at + 1] !== '' && !isEmptyStart) result += '.';
  }
  return result;
}

/** A byte that begins no character of UTF-8 stands for itself. */
function characters(token: string): string[] {
  const bytes = Buffer.from(token, 'latin1');
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    let size = 1;
    while (size <= 4 && !isUtf8(bytes.subarray(at, at + size))) size++;
    const end = size > 4 ? at + 1 : at + size;
    found.push(token.slice(at, end));
    at = end;
  }
  return found;
}
