/** Reads the frames of a segment, a window at a time, and believes none that is not whole. */
import type { OpenFile } from '../../../kernel/plugin-api.ts';
import { readAt } from '../file-calls.ts';
import type { FrameCipher } from '../frame-cipher.ts';
import { viewOf } from '../numbers.ts';
import { S2 } from '../s2-compression.ts';
import {
  bodyChecksum,
  FRAME_HEADER_BYTES,
  FRAME_TRAILER_BYTES,
  type FrameFamily,
  FrameFlag,
  type FrameHeader,
  headBytes,
  headBytesAt,
  headSumAt,
  mayBeFrame,
  paddedLength,
  readFrameHead,
  storesAt,
} from './frame-format.ts';
import { recordAfter, recordEnd } from './record-format.ts';

const WINDOW_BYTES = 1024 * 1024;
const PIECE_BYTES = 4096;

/** How the frames of a segment are made readable. */
export interface FrameLock {
  /** `lost`: they are encrypted, and the key is gone. */
  readonly cipher: FrameCipher | null | 'lost';
}

export interface WholeFrame {
  readonly isWhole: true;
  readonly header: FrameHeader;
  /** The body, readable: records from `from` to `to`. */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly checksum: number;
  /** Where the next frame begins. */
  readonly end: number;
}

export interface BrokenFrame {
  readonly isWhole: false;
  /** What is known of it. */
  readonly header: FrameHeader | null;
  readonly stores: readonly number[] | null;
}

export type FoundFrame = WholeFrame | BrokenFrame;

const NOTHING: BrokenFrame = { isWhole: false, header: null, stores: null };

export class SegmentReader {
  readonly size: number;
  /** Places that the disk refused to read. */
  readErrors = 0;
  readonly file: OpenFile;
  private readonly family: FrameFamily;
  private readonly lock: FrameLock;
  private readonly windowBytes: number;
  private window: Uint8Array = new Uint8Array(0);
  private view = viewOf(this.window);
  private start = 0;
  private filled = 0;

  /** What is to be read instead, by place. */
  private readonly patches: ReadonlyMap<number, { readonly frame: WholeFrame }> | null;

  constructor(
    file: OpenFile,
    size: number,
    family: FrameFamily,
    lock: FrameLock,
    windowBytes = WINDOW_BYTES,
    patches: ReadonlyMap<number, { readonly frame: WholeFrame }> | null = null,
  ) {
    this.patches = patches;
    this.windowBytes = windowBytes;
    this.file = file;
    this.size = size;
    this.family = family;
    this.lock = lock;
  }

  /** Somebody else's memory for what is read, for as long as the reader is used. */
  lend(window: Uint8Array): void {
    this.window = window;
    this.view = viewOf(window);
  }

  /** What stands at a place. It is borrowed until the next read. */
  async frameAt(position: number): Promise<FoundFrame> {
    const patch = this.patches?.get(position);
    if (patch !== undefined) return patch.frame;
    for (let needed = FRAME_HEADER_BYTES; ; ) {
      if (position + needed > this.size) return NOTHING;
      if (!this.holds(position, needed)) await this.load(position, needed);
      const more = this.look(position);
      if (typeof more !== 'number') return more;
      needed = more;
    }
  }

  /** The same without waiting, for places in the window; null when they are not. */
  frameInWindow(position: number): FoundFrame | null {
    const patch = this.patches?.get(position);
    if (patch !== undefined) return patch.frame;
    if (!this.holds(position, FRAME_HEADER_BYTES)) return null;
    const found = this.look(position);
    return typeof found === 'number' ? null : found;
  }

  /** Whether a frame of the family, or of any other, may begin at a place; loads the window around it. */
  async bytesAt(position: number, length: number): Promise<{ bytes: Uint8Array; view: DataView; at: number }> {
    if (!this.holds(position, length)) await this.load(position, length);
    return { bytes: this.window.subarray(0, this.filled), view: this.view, at: position - this.start };
  }

  /** What was read may have changed. */
  forget(): void {
    this.filled = 0;
  }

  private holds(position: number, length: number): boolean {
    return position >= this.start && position + length <= this.start + this.filled;
  }

  /** The frame, or how many bytes must be there before it can be judged. */
  private look(position: number): FoundFrame | number {
    const { view } = this;
    const at = position - this.start;
    const bytes = this.window.subarray(0, this.filled);
    if (!mayBeFrame(view, at, this.family)) return NOTHING;
    const headNeeded = headBytesAt(view, at);
    if (position + headNeeded > this.size) return NOTHING;
    if (at + headNeeded > this.filled) return headNeeded;
    const header = readFrameHead(bytes, view, at, this.family);
    if (header === null || position + header.length > this.size) return NOTHING;
    if (at + header.length > this.filled) return header.length;
    return this.open(bytes, at, header, position);
  }

  private open(bytes: Uint8Array, at: number, header: FrameHeader, position: number): FoundFrame {
    const from = at + headBytes(header.storeCount);
    const to = at + header.length - FRAME_TRAILER_BYTES;
    const sum = bodyChecksum(bytes, from, to, headSumAt(this.view, at));
    const broken = { isWhole: false, header, stores: storesAt(this.view, at, header.storeCount) } as const;
    if (sum !== this.view.getUint32(to, true)) return broken;
    const body = this.readable(bytes, at, from, to, header);
    if (body === null || !holdsRecords(body, header)) return broken;
    return { isWhole: true, header, ...body, checksum: sum, end: position + paddedLength(header.length) };
  }

  private readable(bytes: Uint8Array, at: number, from: number, to: number, header: FrameHeader): Body | null {
    const { cipher } = this.lock;
    let body: Body = { bytes, from, to };
    if ((header.flags & FrameFlag.encrypted) !== 0) {
      if (cipher === null || cipher === 'lost') return null;
      const plain = unsealed(cipher, bytes.subarray(from, to), bytes.subarray(at, from), header.number);
      if (plain === null) return null;
      body = { bytes: plain, from: 0, to: plain.length };
    }
    if ((header.flags & FrameFlag.compressed) !== 0) {
      const plain = unpacked(body, header.plainLength);
      if (plain === null) return null;
      body = { bytes: plain, from: 0, to: plain.length };
    }
    return body.to - body.from === header.plainLength ? body : null;
  }

  private async load(position: number, length: number): Promise<void> {
    const wanted = Math.min(this.size - position, Math.max(this.windowBytes, length));
    if (this.window.length < wanted) {
      this.window = new Uint8Array(Math.max(wanted, this.windowBytes));
      this.view = viewOf(this.window);
    }
    const target = this.window.subarray(0, wanted);
    await this.fill(target, position);
    this.start = position;
    this.filled = wanted;
  }

  private async fill(target: Uint8Array, position: number): Promise<void> {
    const count = await readAt(this.file, target, position).catch(() => 0);
    if (count === target.length) return;
    // One bad place in it must not hide the rest: what cannot be read is as good as zeros.
    for (let at = 0; at < target.length; at += PIECE_BYTES) {
      const piece = target.subarray(at, at + PIECE_BYTES);
      const got = await readAt(this.file, piece, position + at).catch(() => -1);
      if (got < 0) this.readErrors++;
      piece.fill(0, Math.max(got, 0));
    }
  }
}

interface Body {
  bytes: Uint8Array;
  from: number;
  to: number;
}

function unsealed(cipher: FrameCipher, sealed: Uint8Array, head: Uint8Array, number: number): Uint8Array | null {
  try {
    return cipher.open(sealed, head, number);
  } catch {
    // Damage, like any other.
    return null;
  }
}

function unpacked(body: Body, length: number): Uint8Array | null {
  try {
    return S2.decompress(body.bytes.subarray(body.from, body.to), length);
  } catch {
    return null;
  }
}

/**
 * Whether the body consists of exactly so many undamaged records. What is as it stands in the file has just been checked with the frame;
 * what was made out of that is checked once more.
 */
function holdsRecords({ bytes, from, to }: Body, { flags, recordCount }: FrameHeader): boolean {
  const view = viewOf(bytes);
  const isAsStored = (flags & (FrameFlag.compressed | FrameFlag.encrypted)) === 0;
  let at = from;
  for (let index = 0; index < recordCount; index++) {
    at = isAsStored ? recordAfter(view, at, to) : recordEnd(bytes, view, at, to);
    if (at < 0) return false;
  }
  return at === to;
}
