/**
 * Frames to the byte stream they carry.
 *
 * A NATS client's WebSocket is a pipe: where frames begin and end means nothing. So the payload of data frames is unmasked
 * and pushed together where it lies, and what is left is as if it had come over TCP. Only control frames, compressed
 * messages and violations stop the reading.
 */
import type { FrameMemory } from './frame-memory.ts';
import {
  CloseCode,
  CONTROL_PAYLOAD_MAX,
  FINAL,
  HEADER_BYTES_MAX,
  LENGTH_BITS,
  LENGTH_IN_16_BITS,
  LENGTH_IN_64_BITS,
  MASK_KEY_BYTES,
  MASKED,
  OPCODE_BITS,
  Opcode,
  RSV1,
  RSV2_AND_RSV3,
} from './opcodes.ts';

/** Why reading stopped. */
export const FrameEvent = { needsMore: 0, control: 1, compressed: 2, violation: 3 } as const;
export type FrameEvent = (typeof FrameEvent)[keyof typeof FrameEvent];

export interface FrameRules {
  /** Frames without a mask are a violation. */
  readonly isMaskRequired: boolean;
  readonly allowsCompression: boolean;
  readonly acceptsText: boolean;
  /** Where `compressedMax` begins. */
  readonly compressedMax: number;
}

/** What the other side did wrong, and the code to close with. */
export interface Violation {
  readonly code: number;
  readonly text: string;
}

const NO_BYTES = Buffer.alloc(0);
const HALF_WORD = 0x1_0000_0000;
/** In front of the length. */
const FIXED_BYTES = 2;

export class FrameReader {
  /** The first byte that was not read yet. */
  at = 0;
  /** Behind the payload that was pushed together. */
  filled = 0;
  /** The last control frame. */
  opcode = 0;
  payload: Buffer = NO_BYTES;
  violation: Violation | null = null;
  /** Bytes a message may have while it is compressed. */
  compressedMax: number;
  private readonly rules: FrameRules;
  // The frame being read.
  private isInFrame = false;
  private isFinal = false;
  private frameOpcode = 0;
  private remaining = 0;
  private key = 0;
  // The message it belongs to.
  private isInMessage = false;
  private isCompressed = false;
  private gathered: Buffer[] = [];
  private gatheredBytes = 0;
  /** The beginning of a header that came in two reads. */
  private head: Buffer = NO_BYTES;
  private headLength = 0;

  constructor(rules: FrameRules) {
    this.rules = rules;
    this.compressedMax = rules.compressedMax;
  }

  /** Reads [from, end) of the memory; payload goes to `target`, which must not be behind `from`. */
  read(memory: FrameMemory, from: number, end: number, target: number): FrameEvent {
    this.at = from;
    this.filled = target;
    for (;;) {
      if (!this.isInFrame && !this.enter(memory.bytes, end)) {
        return this.violation === null ? FrameEvent.needsMore : FrameEvent.violation;
      }
      const event = this.readPayload(memory, end);
      if (event !== FrameEvent.needsMore || this.isInFrame) return event;
    }
  }

  /** The compressed message that is complete, one copy of it. */
  takeCompressed(): Buffer {
    const message = this.gathered.length === 1 ? (this.gathered[0] as Buffer) : Buffer.concat(this.gathered);
    this.gathered = [];
    this.gatheredBytes = 0;
    return message;
  }

  /** False when the header is not complete, or against the rules. */
  private enter(bytes: Buffer, end: number): boolean {
    if (this.headLength > 0) return this.enterSplit(bytes, end);
    const start = this.at;
    if (start >= end) return false;
    const length = headerLength(bytes, start, end);
    if (start + length <= end) {
      this.at = start + length;
      return this.begin(bytes, start);
    }
    return this.enterSplit(bytes, end);
  }

  private enterSplit(bytes: Buffer, end: number): boolean {
    if (this.head.length === 0) this.head = Buffer.alloc(HEADER_BYTES_MAX);
    const { head } = this;
    while (this.at < end) {
      head[this.headLength++] = bytes[this.at++] as number;
      if (this.headLength < headerLength(head, 0, this.headLength)) continue;
      this.headLength = 0;
      return this.begin(head, 0);
    }
    return false;
  }

  private begin(bytes: Buffer, start: number): boolean {
    const first = bytes[start] as number;
    const second = bytes[start + 1] as number;
    const violation = this.check(first, second) ?? this.readLength(bytes, start, second & LENGTH_BITS);
    if (violation !== null) {
      this.violation = violation;
      return false;
    }
    this.isInFrame = true;
    this.isFinal = (first & FINAL) !== 0;
    this.frameOpcode = first & OPCODE_BITS;
    if (isControl(this.frameOpcode)) return true;
    this.isInMessage = !this.isFinal;
    if (this.frameOpcode !== Opcode.continuation) this.isCompressed = (first & RSV1) !== 0;
    if (!this.isCompressed || this.gatheredBytes + this.remaining <= this.compressedMax) return true;
    this.violation = { code: CloseCode.tooBig, text: 'maximum payload exceeded' };
    return false;
  }

  private check(first: number, second: number): Violation | null {
    const isCompressed = (first & RSV1) !== 0;
    if ((first & RSV2_AND_RSV3) !== 0) return broken('RSV2 and RSV3 must be clear');
    if (isCompressed && !this.rules.allowsCompression) {
      return broken('compressed frame received without negotiated permessage-deflate');
    }
    if (this.rules.isMaskRequired && (second & MASKED) === 0) return broken('mask bit missing');
    const opcode = first & OPCODE_BITS;
    if (isControl(opcode)) return checkControl(first, second & LENGTH_BITS, isCompressed);
    if (opcode === Opcode.continuation) {
      return this.isInMessage && !isCompressed ? null : broken('invalid continuation frame');
    }
    if (opcode !== Opcode.text && opcode !== Opcode.binary) return broken(`unknown opcode ${opcode}`);
    if (this.isInMessage) {
      return broken('new message started before final frame for previous message was received');
    }
    if (opcode === Opcode.binary || this.rules.acceptsText) return null;
    return { code: CloseCode.unacceptable, text: 'text frames are not accepted' };
  }

  private readLength(bytes: Buffer, start: number, short: number): Violation | null {
    const at = start + FIXED_BYTES;
    if (short < LENGTH_IN_16_BITS) this.remaining = short;
    else if (short === LENGTH_IN_16_BITS) this.remaining = bytes.readUInt16BE(at);
    else {
      const high = bytes.readUInt32BE(at);
      if (high >= HALF_WORD / 2) return broken('invalid 64-bit payload length');
      this.remaining = high * HALF_WORD + bytes.readUInt32BE(at + 4);
    }
    const isMasked = ((bytes[start + 1] as number) & MASKED) !== 0;
    this.key = isMasked ? bytes.readInt32BE(at + lengthBytes(short)) : 0;
    return null;
  }

  private readPayload(memory: FrameMemory, end: number): FrameEvent {
    const start = this.at;
    const count = Math.min(this.remaining, end - start);
    this.at = start + count;
    this.remaining -= count;
    this.isInFrame = this.remaining > 0;
    if (!isControl(this.frameOpcode) && !this.isCompressed) {
      this.key = memory.move(this.filled, start, this.at, this.key);
      this.filled += count;
      return FrameEvent.needsMore;
    }
    this.key = memory.move(start, start, this.at, this.key);
    return isControl(this.frameOpcode) ? this.readControl(memory.bytes, start) : this.gather(memory.bytes, start);
  }

  private readControl(bytes: Buffer, start: number): FrameEvent {
    const part = Buffer.from(bytes.subarray(start, this.at));
    this.payload = this.opcode === PARTIAL ? Buffer.concat([this.payload, part]) : part;
    this.opcode = this.isInFrame ? PARTIAL : this.frameOpcode;
    return this.isInFrame ? FrameEvent.needsMore : FrameEvent.control;
  }

  private gather(bytes: Buffer, start: number): FrameEvent {
    if (this.at > start) this.gathered.push(Buffer.from(bytes.subarray(start, this.at)));
    this.gatheredBytes += this.at - start;
    return this.isInFrame || !this.isFinal ? FrameEvent.needsMore : FrameEvent.compressed;
  }
}

/** In place of an opcode: the payload of a control frame is not complete. */
const PARTIAL = -1;

/** How long the header at `start` is, or at least is, as far as [start, end) tells. */
function headerLength(bytes: Buffer, start: number, end: number): number {
  if (start + FIXED_BYTES > end) return FIXED_BYTES;
  const second = bytes[start + 1] as number;
  return FIXED_BYTES + lengthBytes(second & LENGTH_BITS) + ((second & MASKED) === 0 ? 0 : MASK_KEY_BYTES);
}

function lengthBytes(short: number): number {
  if (short < LENGTH_IN_16_BITS) return 0;
  return short === LENGTH_IN_64_BITS ? 8 : 2;
}

function isControl(opcode: number): boolean {
  return opcode >= Opcode.close;
}

function checkControl(first: number, short: number, isCompressed: boolean): Violation | null {
  const opcode = first & OPCODE_BITS;
  if (opcode > Opcode.pong) return broken(`unknown opcode ${opcode}`);
  if (short > CONTROL_PAYLOAD_MAX) {
    return broken(`control frame length bigger than maximum allowed of ${CONTROL_PAYLOAD_MAX} bytes`);
  }
  if ((first & FINAL) === 0) return broken('control frame does not have final bit set');
  return isCompressed ? broken('control frame must not be compressed') : null;
}

function broken(text: string): Violation {
  return { code: CloseCode.protocolError, text };
}
