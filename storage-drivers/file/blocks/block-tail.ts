/**
 * The end of a block's file: frames get their places there one after the other, before they are written, so that several can write at the
 * same time. A number is used once, whatever becomes of the frame.
 */
import { FrameKind } from '../journal/frame-format.ts';
import type { Compression, SealedFrame } from '../journal/seal-frame.ts';
import { FRAMES_START, segmentHead, WRAPPED_KEY_BYTES } from '../journal/segment-format.ts';
import { compressionOf } from '../s2-compression.ts';
import type { Block } from './block.ts';
import { type BlockOwner, blockKeyPlace, type FrameContent, sealBlockFrame } from './block-file.ts';
import type { BlockFrame } from './block-frame.ts';
import { OutlineWriter } from './block-outline.ts';

/** What is written in one go: others have places before and behind it. */
export interface Run {
  readonly from: number;
  to: number;
  readonly pieces: Uint8Array[];
}

export interface FramePlaceInFile {
  readonly position: number;
  readonly storedBytes: number;
}

export class BlockTail {
  /** There is no file yet: the first run begins with its head. */
  readonly isNew: boolean;
  readonly runs: Run[] = [];
  private readonly owner: BlockOwner;
  private readonly block: Block;
  private readonly compression: Compression | null;
  private readonly from: number;

  constructor(owner: BlockOwner, block: Block) {
    this.owner = owner;
    this.block = block;
    this.compression = compressionOf(owner.compression ?? owner.world.compression);
    this.isNew = block.fileBytes === 0;
    this.from = block.fileBytes;
    if (this.isNew) this.begin();
  }

  /** Records, and what the block's outline says of them. */
  addRecords(frame: BlockFrame): FramePlaceInFile {
    this.block.outline?.add(this.block, frame);
    return this.add(frame, FrameKind.records);
  }

  add(content: FrameContent, kind: number): FramePlaceInFile {
    const { block, owner } = this;
    const position = block.fileBytes;
    const run = this.runAt(position);
    const place = { store: owner.number, block: block.number, number: block.frameCount + 1, chain: block.chain };
    const sealing = { cipher: block.cipher, compression: this.compression };
    const sealed: SealedFrame = sealBlockFrame(owner.world.uuid, content, kind, place, sealing, run.pieces);
    block.frameCount++;
    block.chain = sealed.checksum;
    block.fileBytes += sealed.length;
    run.to = block.fileBytes;
    return { position, storedBytes: sealed.length };
  }

  /** Nothing of it counts. Where nobody has a place behind, answers from where on the file should end again; otherwise -1. */
  giveUp(): number {
    const { block, runs, from } = this;
    // The frames are going to be written once more, and would be in it twice.
    block.outline = null;
    const last = runs.at(-1);
    const isLast = runs.length <= 1 && (last === undefined || last.to === block.fileBytes);
    if (!isLast) return -1;
    if (this.isNew) Object.assign(block, { fileBytes: 0, frameCount: 0, chain: 0, cipher: null });
    return from;
  }

  private begin(): void {
    const { block, owner } = this;
    const { uuid, keys } = owner.world;
    const fresh = keys?.fresh(blockKeyPlace(owner.number, block.number)) ?? null;
    block.wrappedKey = fresh?.wrapped ?? new Uint8Array(WRAPPED_KEY_BYTES);
    block.cipher = fresh?.cipher ?? null;
    block.outline = new OutlineWriter();
    const head = segmentHead({
      uuid,
      generation: block.number,
      incarnation: owner.number,
      firstFrame: 1,
      chain: 0,
      oldestGeneration: 0,
      bytes: 0,
      cipher: block.cipher?.cipherNumber ?? 0,
      wrappedKey: block.wrappedKey,
    });
    block.fileBytes = FRAMES_START;
    this.runs.push({ from: 0, to: FRAMES_START, pieces: [head] });
  }

  private runAt(position: number): Run {
    const last = this.runs.at(-1);
    if (last !== undefined && last.to === position) return last;
    const run = { from: position, to: position, pieces: [] };
    this.runs.push(run);
    return run;
  }
}
