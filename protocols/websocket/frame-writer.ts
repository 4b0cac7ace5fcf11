/** Headers of frames, and whole frames where they are small. What a server sends is not masked. */
import { FrameMemory } from './frame-memory.ts';
import { FINAL, LENGTH_IN_16_BITS, LENGTH_IN_64_BITS, MASK_KEY_BYTES, MASKED } from './opcodes.ts';

export const SERVER_HEADER_BYTES_MAX = 10;
const IN_16_BITS_MAX = 0xffff;
const HALF_WORD = 0x1_0000_0000;

export function headerBytesFor(payloadLength: number): number {
  if (payloadLength < LENGTH_IN_16_BITS) return 2;
  return payloadLength <= IN_16_BITS_MAX ? 4 : SERVER_HEADER_BYTES_MAX;
}

/** Writes the header of a frame at `at`; `first` is its first byte. Answers where the payload begins. */
export function writeHeader(target: Buffer, at: number, first: number, payloadLength: number): number {
  target[at] = first;
  if (payloadLength < LENGTH_IN_16_BITS) {
    target[at + 1] = payloadLength;
    return at + 2;
  }
  if (payloadLength <= IN_16_BITS_MAX) {
    target[at + 1] = LENGTH_IN_16_BITS;
    return target.writeUInt16BE(payloadLength, at + 2);
  }
  target[at + 1] = LENGTH_IN_64_BITS;
  target.writeUInt32BE(Math.floor(payloadLength / HALF_WORD), at + 2);
  return target.writeUInt32BE(payloadLength % HALF_WORD, at + 6);
}

export function controlFrame(opcode: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytesFor(payload.length) + payload.length);
  frame.set(payload, writeHeader(frame, 0, FINAL | opcode, payload.length));
  return frame;
}

/** A whole frame of a client. The first byte of the key is its highest. */
export function maskedFrame(first: number, payload: Uint8Array, key: number): Buffer {
  const headerBytes = headerBytesFor(payload.length);
  const frame = Buffer.allocUnsafe(headerBytes + MASK_KEY_BYTES + payload.length);
  const at = writeHeader(frame, 0, first, payload.length);
  frame[1] = (frame[1] as number) | MASKED;
  const start = frame.writeInt32BE(key | 0, at);
  frame.set(payload, start);
  new FrameMemory(frame).unmask(start, frame.length, key);
  return frame;
}

/**
 * The payload cut into frames of at most `most` bytes. With `isOneMessage` they are parts of one message, of which
 * only the first says what it is; otherwise each is a message. `first` has the opcode and flags, without the final bit.
 */
export function cutIntoFrames(payload: Uint8Array, first: number, most: number, isOneMessage: boolean): Buffer {
  const frames = Math.max(1, Math.ceil(payload.length / most));
  const rest = payload.length - (frames - 1) * most;
  const target = Buffer.allocUnsafe((frames - 1) * (headerBytesFor(most) + most) + headerBytesFor(rest) + rest);
  let at = 0;
  for (let index = 0; index < frames; index++) {
    const part = payload.subarray(index * most, (index + 1) * most);
    const kind = isOneMessage && index > 0 ? 0 : first;
    const end = isOneMessage && index < frames - 1 ? 0 : FINAL;
    at = writeHeader(target, at, kind | end, part.length);
    target.set(part, at);
    at += part.length;
  }
  return target;
}
