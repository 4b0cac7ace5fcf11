/** Frames the broker sends that are always the same, and the texts around those that are not. */

export const PING = Buffer.from('PING\r\n');
export const PONG = Buffer.from('PONG\r\n');
export const OK = Buffer.from('+OK\r\n');

export function errorFrame(text: string): Buffer {
  return Buffer.from(`-ERR '${text}'\r\n`, 'utf8');
}

export function infoFrame(info: object): Buffer {
  return Buffer.from(`INFO ${JSON.stringify(info)} \r\n`, 'utf8');
}

/** What a requester gets when nobody serves the subject: subject and sid as bytes-as-characters. */
export function noRespondersFrame(reply: string, sid: string, subject: string): Buffer {
  const header = `NATS/1.0 503\r\nNats-Subject: ${subject}\r\n\r\n`;
  return Buffer.from(`HMSG ${reply} ${sid} ${header.length} ${header.length}\r\n${header}\r\n`, 'latin1');
}

const ESCAPES: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

const NOT_PRINTABLE = /[\p{C}\p{Z}]/u;

/** Text in double quotes, escaped as the reference server does. `text` has one character per byte. */
export function quoted(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  let answer = '"';
  for (let at = 0; at < bytes.length; ) {
    const { character, length } = decodeAt(bytes, at);
    answer += character === null ? `\\x${bytes[at].toString(16).padStart(2, '0')}` : escaped(character);
    at += length;
  }
  return `${answer}"`;
}

function escaped(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  if (character === ' ' || !NOT_PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) as number;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** One UTF-8 character; null where the bytes are none. */
function decodeAt(bytes: Buffer, at: number): { character: string | null; length: number } {
  const first = bytes[at];
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const character = bytes.toString('utf8', at, at + length);
  const isWhole = Buffer.byteLength(character) === length && !character.includes('\ufffd');
  return isWhole && [...character].length === 1 ? { character, length } : { character: null, length: 1 };
}
