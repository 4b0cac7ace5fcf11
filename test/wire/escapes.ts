/** Bytes as the scripts write them: `\r \n \t \s \\ \xNN`, everything else as it stands, in UTF-8. */
const ESCAPES: Record<string, number> = { r: 13, n: 10, t: 9, s: 32, '\\': 92 };
const PIECE = /\\x([0-9a-fA-F]{2})|\\(.)|[^\\]+/gsu;

export function toBytes(text: string): Buffer {
  const pieces = [...text.matchAll(PIECE)].map(([whole, hex, letter]) => {
    if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)]);
    if (letter === undefined) return Buffer.from(whole);
    const code = ESCAPES[letter];
    if (code === undefined) throw new Error(`unknown escape \\${letter} in ${text}`);
    return Buffer.from([code]);
  });
  return Buffer.concat(pieces);
}

const SHOWN_BYTES_MAX = 600;

/** The other way round, for messages about failures. */
export function showBytes(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, SHOWN_BYTES_MAX)].map(showByte).join('');
  return bytes.length > SHOWN_BYTES_MAX ? `${shown}... (${bytes.length} bytes)` : shown;
}

function showByte(byte: number): string {
  if (byte === 13) return '\\r';
  if (byte === 10) return '\\n';
  if (byte === 9) return '\\t';
  if (byte === 92) return '\\\\';
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}
