/** Which characters the grammar treats alike. The empty string stands for the end of the text. */

export const END = '';

/** Space and tab: what may stand between the parts of one line. */
export function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}

export function isLineEnd(character: string): boolean {
  return character === '\n' || character === '\r';
}

/** Every kind of white space Unicode knows, line ends included; a byte order mark is none. */
export function isSpace(character: string): boolean {
  if (character === ' ' || (character >= '\t' && character <= '\r')) return true;
  if (character < '\x80') return false;
  return character === '\x85' || /[\p{Z}]/u.test(character);
}

export function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}

export function isSeparator(character: string): boolean {
  return character === '=' || character === ':';
}

/** A character as messages show it. The end of the text shows as NUL. */
export function shown(character: string): string {
  if (character === END) return '\0';
  return character === '\n' ? '\\n' : character;
}
