/**
 * Text between double quotes, with everything unprintable escaped, as a NATS server shows it on the wire, in its log and
 * in what it says about a configuration.
 */

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

const SPECIAL = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;
const PLAIN = /^[ !#-[\]-~]*$/;

/** For text as people write it. */
export function quotedText(text: string): string {
  return `"${escaped(text)}"`;
}

/** For text with one character per byte. Bytes that are no UTF-8 are shown one by one. */
export function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${escapedBytes(Buffer.from(text, 'latin1'))}"`;
}

function escapedBytes(bytes: Buffer): string {
  let answer = '';
  for (let at = 0; at < bytes.length; ) {
    const written = bytes.subarray(at, at + lengthOfCharacter(bytes[at]!));
    const character = written.toString('utf8');
    // What is no character decodes to something that would be written with other bytes.
    if (written.equals(Buffer.from(character))) {
      answer += escaped(character);
      at += written.length;
    } else {
      answer += `\\x${hex(bytes[at++]!, 2)}`;
    }
  }
  return answer;
}

/** By the first byte, whether or not the others follow. */
function lengthOfCharacter(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

function escaped(text: string): string {
  return text.replace(SPECIAL, (character) => ESCAPES[character] ?? numbered(character));
}

function numbered(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
