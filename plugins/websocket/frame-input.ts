/** What comes over a connection: frames, and what is made of them, in their order. */
import type { FrameMemory } from '../../protocols/websocket/frame-memory.ts';
import { FrameEvent, FrameReader, type FrameRules, type Violation } from '../../protocols/websocket/frame-reader.ts';
import { CloseCode, Opcode } from '../../protocols/websocket/opcodes.ts';
import { type Deflate, isTooLarge } from './deflate.ts';

export interface InputSink {
  /** `length` bytes of the stream lie at the start of the read buffer. */
  streamRead(length: number): void;
  /** Bytes of the stream in memory of their own. */
  streamBytes(bytes: Uint8Array): void;
  pinged(payload: Buffer): void;
  /** A close frame; nothing is read after it. */
  closed(payload: Buffer): void;
  violated(violation: Violation): void;
  /** Nothing can be taken until `ready`. */
  suspend(): void;
  ready(): void;
}

const TOO_LARGE: Violation = { code: CloseCode.tooBig, text: 'maximum payload exceeded' };

export class FrameInput {
  /** Whatever else comes is of no interest. */
  isOver = false;
  private readonly memory: FrameMemory;
  private readonly reader: FrameReader;
  private readonly deflate: Deflate | null;
  private readonly sink: InputSink;
  private isInflating = false;
  /** What came meanwhile. */
  private held: Buffer[] = [];
  private ping: Buffer | null = null;

  constructor(memory: FrameMemory, rules: FrameRules, deflate: Deflate | null, sink: InputSink) {
    this.memory = memory;
    this.reader = new FrameReader(rules);
    this.deflate = deflate;
    this.sink = sink;
  }

  set compressedMax(bytes: number) {
    this.reader.compressedMax = bytes;
  }

  /** `length` bytes lie at the start of the memory. */
  take(length: number): void {
    if (this.isOver) return;
    if (this.isInflating) {
      this.held.push(Buffer.from(this.memory.bytes.subarray(0, length)));
      return;
    }
    const event = this.readFrames(length);
    // Of several pings in one read only the last is answered, as the protocol allows: a flood costs one write.
    if (this.ping !== null) this.answerPing();
    const { at, filled, payload, violation } = this.reader;
    if (event === FrameEvent.compressed) this.isInflating = true;
    if (event === FrameEvent.compressed && at < length) {
      this.held.push(Buffer.from(this.memory.bytes.subarray(at, length)));
    }
    if (filled > 0) this.sink.streamRead(filled);
    if (this.isOver) return;
    if (event === FrameEvent.compressed) this.inflate();
    else if (event === FrameEvent.control) this.finish(() => this.sink.closed(payload));
    else if (violation !== null) this.finish(() => this.sink.violated(violation));
  }

  takeBytes(bytes: Uint8Array): void {
    const target = this.memory.bytes;
    for (let from = 0; from < bytes.length; from += target.length) {
      const part = bytes.subarray(from, from + target.length);
      target.set(part);
      this.take(part.length);
    }
  }

  /** Up to whatever has to be seen to before the rest. */
  private readFrames(length: number): FrameEvent {
    const { reader, memory } = this;
    let event = reader.read(memory, 0, length, 0);
    while (event === FrameEvent.control && reader.opcode !== Opcode.close) {
      if (reader.opcode === Opcode.ping) this.ping = reader.payload;
      event = reader.read(memory, reader.at, length, reader.filled);
    }
    return event;
  }

  private answerPing(): void {
    const payload = this.ping as Buffer;
    this.ping = null;
    this.sink.pinged(payload);
  }

  private inflate(): void {
    this.sink.suspend();
    this.deflate?.inflate(this.reader.takeCompressed(), (error, bytes) => this.inflated(error, bytes));
  }

  private inflated(error: Error | null, bytes: Buffer): void {
    this.isInflating = false;
    if (this.isOver) return;
    if (error !== null) {
      const broken = { code: CloseCode.invalidPayload, text: error.message };
      this.finish(() => this.sink.violated(isTooLarge(error) ? TOO_LARGE : broken));
      return;
    }
    const held = this.held;
    this.held = [];
    if (bytes.length > 0) this.sink.streamBytes(bytes);
    for (const part of held) this.takeBytes(part);
    if (!this.isInflating && !this.isOver) this.sink.ready();
  }

  private finish(tell: () => void): void {
    this.isOver = true;
    this.held = [];
    tell();
  }
}
