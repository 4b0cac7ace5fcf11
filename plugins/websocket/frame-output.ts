/** What leaves a connection: its bytes as frames, and control frames in between, one write at a time. */
import type { Transport } from '../../kernel/plugin-api.ts';
import {
  controlFrame,
  cutIntoFrames,
  maskedFrame,
  SERVER_HEADER_BYTES_MAX,
  writeHeader,
} from '../../protocols/websocket/frame-writer.ts';
import { FINAL, Opcode, RSV1 } from '../../protocols/websocket/opcodes.ts';
import type { Deflate } from './deflate.ts';

export interface FrameStyle {
  /** Frames are no longer than this; 0: as long as they come. */
  readonly frameMax: number;
  /** So are compressed ones. */
  readonly compressedFrameMax: number;
  /** The key for the next frame; null where nothing is masked. Frames with masks are as long as they come. */
  readonly nextKey: (() => number) | null;
}

export interface OutputListener {
  /** As `Receiver.onWritten`. */
  written(): void;
  /** The last frame is under way, and nothing else is: nobody's memory is needed any more. */
  finished(): void;
}

/** As little gains nothing from compression. */
const COMPRESSED_FROM = 65;
/** Up to here a frame is put together in memory that waits for it; from there on header and payload are two pieces. */
const JOINED_MAX = 16 * 1024;

/** Memory for one small frame at a time, for all connections. */
export class FrameScratch {
  bytes = newScratch();

  /** The frame in it is still being sent: the next gets other memory. */
  leave(): void {
    this.bytes = newScratch();
  }
}

function newScratch(): Buffer {
  return Buffer.allocUnsafeSlow(JOINED_MAX + SERVER_HEADER_BYTES_MAX);
}

export class FrameOutput {
  /** Asked to end; nothing is taken any more. */
  isEnded = false;
  private readonly inner: Transport;
  private readonly style: FrameStyle;
  private readonly scratch: FrameScratch;
  private readonly deflate: Deflate | null;
  private readonly listener: OutputListener;
  private isBusy: boolean;
  private isDeflating = false;
  /** Somebody is to be told when what they wrote has left. */
  private isOwed = false;
  /** Their bytes, while the wire is busy with a control frame. */
  private waiting: Uint8Array[] | null = null;
  private frames: Uint8Array[] | null = null;
  private control: Buffer | null = null;
  private last: Buffer | null = null;

  /** `isBusy`: the answer to the upgrade is still being written. */
  constructor(
    inner: Transport,
    {
      style,
      scratch,
      deflate,
      isBusy,
    }: { style: FrameStyle; scratch: FrameScratch; deflate: Deflate | null; isBusy: boolean },
    listener: OutputListener,
  ) {
    this.inner = inner;
    this.style = style;
    this.scratch = scratch;
    this.deflate = deflate;
    this.isBusy = isBusy;
    this.listener = listener;
  }

  write(bytes: Uint8Array): boolean {
    if (this.isEnded) return true;
    if (this.isBusy || this.deflate !== null || this.style.frameMax > 0) return this.writeAll([bytes]);
    return this.sendPlain(bytes);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (this.isEnded || pieces.length === 0) return true;
    if (this.isBusy) {
      this.waiting = [...pieces];
      this.isOwed = true;
      return false;
    }
    return this.begin(pieces);
  }

  /** The answer to a ping. Of answers that wait only the last counts. */
  pong(payload: Buffer): void {
    if (this.isEnded) return;
    this.control = this.controlFrame(Opcode.pong, payload);
    this.pump();
  }

  /** The last word, behind everything else; the wire ends with it. */
  end(closePayload: Buffer): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.last = this.controlFrame(Opcode.close, closePayload);
    this.pump();
  }

  /** The wire took all of the last write. */
  onWritten(): void {
    this.isBusy = false;
    this.pump();
  }

  private begin(pieces: readonly Uint8Array[]): boolean {
    const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    if (this.deflate !== null && bytes.length >= COMPRESSED_FROM) {
      this.isDeflating = true;
      this.isOwed = true;
      this.deflate.compress(bytes, (error, compressed) => this.compressed(error, compressed));
      return false;
    }
    return this.sendPlain(bytes);
  }

  private compressed(error: Error | null, bytes: Buffer): void {
    this.isDeflating = false;
    if (error !== null) {
      this.inner.destroy();
      return;
    }
    const { compressedFrameMax, nextKey } = this.style;
    const most = compressedFrameMax > 0 ? compressedFrameMax : bytes.length;
    const first = RSV1 | Opcode.binary;
    this.frames = [
      nextKey === null
        ? cutIntoFrames(bytes, first, Math.max(1, most), true)
        : maskedFrame(FINAL | first, bytes, nextKey()),
    ];
    this.pump();
  }

  private sendPlain(bytes: Uint8Array): boolean {
    const { frameMax, nextKey } = this.style;
    if (nextKey !== null) return this.give([maskedFrame(FINAL | Opcode.binary, bytes, nextKey())]);
    if (frameMax > 0) return this.give([cutIntoFrames(bytes, Opcode.binary, frameMax, false)]);
    if (bytes.length > JOINED_MAX) {
      const header = Buffer.allocUnsafe(SERVER_HEADER_BYTES_MAX);
      return this.give([header.subarray(0, writeHeader(header, 0, FINAL | Opcode.binary, bytes.length)), bytes]);
    }
    const { scratch } = this;
    const start = writeHeader(scratch.bytes, 0, FINAL | Opcode.binary, bytes.length);
    scratch.bytes.set(bytes, start);
    if (this.inner.write(scratch.bytes.subarray(0, start + bytes.length))) return true;
    scratch.leave();
    this.isBusy = true;
    this.isOwed = true;
    return false;
  }

  private give(pieces: readonly Uint8Array[]): boolean {
    const isTaken = pieces.length === 1 ? this.inner.write(pieces[0] as Uint8Array) : this.inner.writeAll(pieces);
    if (isTaken) return true;
    this.isBusy = true;
    this.isOwed = true;
    return false;
  }

  /** Sends what waits, in its order, as long as the wire takes it. */
  private pump(): void {
    while (!this.isBusy) {
      if (this.frames !== null) {
        const { frames } = this;
        this.frames = null;
        this.give(frames);
      } else if (this.control !== null) this.sendControl();
      else if (this.isDeflating) return;
      else if (this.waiting !== null) {
        const { waiting } = this;
        this.waiting = null;
        this.begin(waiting);
      } else if (this.isOwed) {
        this.isOwed = false;
        this.listener.written();
      } else {
        this.sendLast();
        return;
      }
    }
  }

  private controlFrame(opcode: number, payload: Uint8Array): Buffer {
    const { nextKey } = this.style;
    return nextKey === null ? controlFrame(opcode, payload) : maskedFrame(FINAL | opcode, payload, nextKey());
  }

  private sendControl(): void {
    const frame = this.control as Buffer;
    this.control = null;
    this.isBusy = !this.inner.write(frame);
  }

  private sendLast(): void {
    if (this.last === null) return;
    const frame = this.last;
    this.last = null;
    this.isBusy = !this.inner.write(frame);
    this.inner.end();
    this.listener.finished();
  }
}
