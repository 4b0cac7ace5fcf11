/** JSON as a NATS server prints it: `<`, `>`, `&` and the two line separators are escaped as well. */
import { Buffer } from 'node:buffer';

const ESCAPED_TOO = /[<>&\u2028\u2029]/g;
const HALF_PAIR = /[\ud800-\udfff]/;

export function printString(text: string): string {
  // Half of a pair stands for nothing, which is what its bytes say.
  const sound = HALF_PAIR.test(text) ? Buffer.from(text).toString() : text;
  return JSON.stringify(sound).replace(ESCAPED_TOO, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
