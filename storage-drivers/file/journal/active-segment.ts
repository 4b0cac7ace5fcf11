/** The segment that is written: where its next frame goes, and what the frame says of those before it. */
import type { OpenFile } from '../../../kernel/plugin-api.ts';
import type { FrameCipher } from '../frame-cipher.ts';
import { putU64, viewOf } from '../numbers.ts';
import type { FrameBuilder } from './frame-builder.ts';
import { FRAME_TRAILER_BYTES, type FrameFamily, headBytes, paddedLength, TAG_BYTES } from './frame-format.ts';
import { type Compression, sealFrame } from './seal-frame.ts';
import { FRAMES_START } from './segment-format.ts';
import type { Slot } from './segments.ts';

/** Where the chain of frames has got to. */
export interface ChainEnd {
  /** The number of the newest frame. */
  frame: number;
  checksum: number;
  generation: number;
  /** Where it begins. */
  offset: number;
}

export class ActiveSegment {
  readonly slot: Slot;
  readonly file: OpenFile;
  readonly family: FrameFamily;
  readonly cipher: FrameCipher | null;
  position = FRAMES_START;
  private readonly compression: Compression | null;

  constructor(
    slot: Slot,
    file: OpenFile,
    family: FrameFamily,
    cipher: FrameCipher | null,
    compression: Compression | null,
  ) {
    this.slot = slot;
    this.file = file;
    this.family = family;
    this.cipher = cipher;
    this.compression = compression;
  }

  /** How many of the frames still fit in here, and together in as many bytes as one write may have. */
  countFitting(frames: readonly FrameBuilder[]): number {
    let room = this.slot.bytes - this.position;
    let count = 0;
    while (count < frames.length && sealedBytesMax(frames[count]!) <= room) room -= sealedBytesMax(frames[count++]!);
    return count;
  }

  /** Adds a frame to the pieces that are going to be written from `position` on; moves position and chain. */
  append(
    frame: FrameBuilder,
    kind: number,
    chain: ChainEnd,
    synced: number,
    oldest: number,
    pieces: Uint8Array[],
  ): void {
    const place = {
      number: chain.frame + 1,
      newestSynced: synced,
      oldestGeneration: oldest,
      chain: chain.checksum,
    };
    const sealed = sealFrame(frame, kind, this.family, place, this.cipher, this.compression, pieces);
    chain.frame++;
    chain.checksum = sealed.checksum;
    chain.generation = this.family.generation;
    chain.offset = this.position;
    this.position += sealed.length;
  }
}

/** What the frame takes in its file at most. */
export function sealedBytesMax(frame: FrameBuilder): number {
  return paddedLength(headBytes(frame.storeCount) + frame.length + TAG_BYTES + FRAME_TRAILER_BYTES);
}

/** Binds a segment's key to the segment. */
export function keyPlace(generation: number): Uint8Array {
  const place = new Uint8Array(16);
  place.set(Buffer.from('segment'));
  putU64(viewOf(place), 8, generation);
  return place;
}
