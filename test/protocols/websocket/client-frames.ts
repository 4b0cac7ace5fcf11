/** Frames as a client writes them, and as anybody reads them: a plain second opinion on the codec. */

export interface FrameOptions {
  opcode?: number;
  /** RSV1 */
  isCompressed?: boolean;
  isFinal?: boolean;
  /** The mask key; null for none. */
  key?: number | null;
  /** Further bits of the first byte. */
  bits?: number;
  /** Writes the length in more bytes than it needs. */
  lengthBytes?: 0 | 2 | 8;
}

const KEY = 0x37fa213d;

export function clientFrame(payload: Uint8Array | string, options: FrameOptions = {}): Buffer {
  const { opcode = 2, isFinal = true, isCompressed = false, key = KEY, bits = 0 } = options;
  const bytes = Buffer.from(payload as Uint8Array);
  const { lengthBytes = bytes.length < 126 ? 0 : bytes.length < 65_536 ? 2 : 8 } = options;
  const length = Buffer.alloc(lengthBytes);
  if (lengthBytes === 2) length.writeUInt16BE(bytes.length);
  if (lengthBytes === 8) length.writeBigUInt64BE(BigInt(bytes.length));
  const short = lengthBytes === 0 ? bytes.length : lengthBytes === 2 ? 126 : 127;
  const first = opcode | (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | bits;
  const mask = Buffer.alloc(key === null ? 0 : 4);
  if (key !== null) mask.writeUInt32BE(key);
  const masked = key === null ? bytes : bytes.map((byte, index) => byte ^ mask[index & 3]!);
  return Buffer.concat([Buffer.of(first, short | (key === null ? 0 : 0x80)), length, mask, masked]);
}

export interface ReadFrame {
  opcode: number;
  isFinal: boolean;
  isCompressed: boolean;
  payload: Buffer;
}

/** All whole frames of a server, and how many bytes they have. */
export function readServerFrames(bytes: Buffer): { frames: ReadFrame[]; used: number } {
  const frames: ReadFrame[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const short = bytes[at + 1]!;
    if ((short & 0x80) !== 0) throw new Error('a server does not mask');
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + header > bytes.length) break;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (at + header + length > bytes.length) break;
    const first = bytes[at]!;
    const payload = bytes.subarray(at + header, at + header + length);
    frames.push({ opcode: first & 15, isFinal: first > 127, isCompressed: (first & 0x40) !== 0, payload });
    at += header + length;
  }
  return { frames, used: at };
}
