import type { Intake } from './intake.ts';

export const UPGRADE =
  'GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
const END_OF_HEAD = '\r\n\r\n';
const MASK = Buffer.of(0x37, 0xfa, 0x21, 0x3d);
const BINARY = 0x82;

/** The client's side of a WebSocket, as far as a load needs it: what arrives goes on without its frame headers. */
export class WebFraming implements Intake {
  readonly #inner: Intake;
  /** What is sent again and again is framed once. */
  readonly #framed = new Map<Buffer, Buffer>();
  #isUpgraded = false;
  #rest: Buffer = Buffer.alloc(0);
  /** Of the frame that is arriving. */
  #remaining = 0;

  constructor(inner: Intake) {
    this.#inner = inner;
  }

  frame(bytes: Buffer | string): Buffer {
    if (typeof bytes === 'string') return maskedFrame(Buffer.from(bytes, 'latin1'));
    const known = this.#framed.get(bytes) ?? maskedFrame(bytes);
    this.#framed.set(bytes, known);
    return known;
  }

  accept(buffer: Buffer, length: number): void {
    let bytes = buffer.subarray(0, length);
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, bytes]);
    const end = this.#take(bytes);
    this.#rest = Buffer.from(bytes.subarray(end));
  }

  /** Answers how far it came. */
  #take(bytes: Buffer): number {
    let at = this.#isUpgraded ? 0 : this.#takeHead(bytes);
    while (this.#isUpgraded && at < bytes.length) {
      if (this.#remaining === 0) {
        const start = this.#takeHeader(bytes, at);
        if (start < 0) break;
        at = start;
      }
      const count = Math.min(this.#remaining, bytes.length - at);
      if (count > 0) this.#inner.accept(bytes.subarray(at, at + count), count);
      this.#remaining -= count;
      at += count;
    }
    return at;
  }

  #takeHead(bytes: Buffer): number {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) return 0;
    if (!bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101 ')) throw new Error('the upgrade was refused');
    this.#isUpgraded = true;
    return end + END_OF_HEAD.length;
  }

  /** Where the payload begins; negative when the header is not whole. */
  #takeHeader(bytes: Buffer, at: number): number {
    const short = bytes[at + 1] ?? 0;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + size > bytes.length) return -1;
    this.#remaining = short;
    if (short === 126) this.#remaining = bytes.readUInt16BE(at + 2);
    if (short === 127) this.#remaining = Number(bytes.readBigUInt64BE(at + 2));
    return at + size;
  }
}

function maskedFrame(payload: Buffer): Buffer {
  const header = Buffer.alloc(14);
  header[0] = BINARY;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(payload.length), 2);
  MASK.copy(header, 10);
  return Buffer.concat([header, payload.map((byte, index) => byte ^ MASK[index & 3]!)]);
}
