/**
 * What stands in for frames whose records were destroyed (S-24). The chain of frames cannot be changed in the middle, and a frame that
 * is overwritten in place could tear and take its other records with it; so what is left of it is written to a file of its own first, and
 * then the frame's body is overwritten. Whoever reads the segment reads the patch instead, as long as the segment is needed.
 */
import { join } from 'node:path';
import type { Disk } from '../../../kernel/plugin-api.ts';
import { ByteReader, ByteWriter } from '../../derived/byte-writer.ts';
import { datasync, writeAt } from '../file-calls.ts';
import type { StoreKeys } from '../frame-cipher.ts';
import { putU64, viewOf } from '../numbers.ts';
import { openBox, sealBox } from '../sealed-box.ts';
import { FrameFlag, FrameKind } from './frame-format.ts';
import type { WholeFrame } from './segment-reader.ts';

const NAME = /^patch-(\d+)-(\d+)$/;

export interface FramePatch {
  readonly generation: number;
  readonly position: number;
  /** Where the body begins that is overwritten, up to `frame.end`. */
  readonly bodyAt: number;
  readonly frame: WholeFrame;
}

export class FramePatches {
  private readonly disk: Disk;
  private readonly directory: string;
  private readonly uuid: Uint8Array;
  private readonly keys: StoreKeys | null;
  private readonly bySegment = new Map<number, Map<number, FramePatch>>();

  constructor(disk: Disk, directory: string, uuid: Uint8Array, keys: StoreKeys | null) {
    this.disk = disk;
    this.directory = directory;
    this.uuid = uuid;
    this.keys = keys;
  }

  /** Damaged ones are left where they are: the frame then reads as damaged too. */
  async load(): Promise<void> {
    for (const name of await this.disk.list(this.directory)) {
      const match = NAME.exec(name);
      if (match === null) continue;
      const box = await this.disk.readFile(join(this.directory, name)).catch(() => null);
      const [generation, position] = [Number(match[1]), Number(match[2])];
      const content = box === null ? null : openBox(box, placeOf(generation, position), this.uuid, this.keys);
      if (content !== null) this.keep(decode(content, generation, position));
    }
  }

  /** By their places in the segment; null when it has none. */
  of(generation: number): ReadonlyMap<number, FramePatch> | null {
    return this.bySegment.get(generation) ?? null;
  }

  async put(patch: FramePatch): Promise<void> {
    const { generation, position } = patch;
    const box = sealBox(encode(patch), placeOf(generation, position), this.uuid, this.keys);
    await this.disk.writeFile(this.pathOf(patch), box);
    this.keep(patch);
  }

  /** The segments before are not read any more. */
  async releaseBefore(oldest: number): Promise<void> {
    for (const [generation, patches] of [...this.bySegment]) {
      if (generation >= oldest) continue;
      this.bySegment.delete(generation);
      for (const patch of patches.values()) await this.disk.remove(this.pathOf(patch));
    }
  }

  /** Overwrites again what a crash may have spared. */
  async applyTo(path: string, generation: number): Promise<void> {
    const patches = this.of(generation);
    if (patches === null) return;
    const file = await this.disk.open(path, 'update');
    try {
      for (const { bodyAt, frame } of patches.values()) {
        await writeAt(file, [new Uint8Array(frame.end - bodyAt)], bodyAt);
      }
      await datasync(file);
    } finally {
      await file.close();
    }
  }

  private keep(patch: FramePatch): void {
    const patches = this.bySegment.get(patch.generation) ?? new Map<number, FramePatch>();
    this.bySegment.set(patch.generation, patches.set(patch.position, patch));
  }

  private pathOf({ generation, position }: FramePatch): string {
    return join(this.directory, `patch-${generation}-${position}`);
  }
}

function encode({ bodyAt, frame }: FramePatch): Uint8Array {
  const { header, bytes, from, to, checksum, end } = frame;
  const writer = new ByteWriter();
  for (const number of [bodyAt, end, header.number, header.newestSynced, header.oldestGeneration]) writer.u64(number);
  for (const number of [header.chain, header.recordCount, checksum]) writer.u32(number);
  writer.blob(bytes.subarray(from, to));
  return writer.written;
}

function decode(content: Uint8Array, generation: number, position: number): FramePatch {
  const reader = new ByteReader(content);
  const [bodyAt, end, number, newestSynced, oldestGeneration] = Array.from({ length: 5 }, () => reader.u64()) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const [chain, recordCount, checksum] = [reader.u32(), reader.u32(), reader.u32()];
  const bytes = reader.blob();
  const header = {
    kind: FrameKind.records,
    // It is looked at whether there are any.
    flags: FrameFlag.refers,
    length: end - position,
    storeCount: 0,
    number,
    newestSynced,
    oldestGeneration,
    chain,
    recordCount,
    plainLength: bytes.length,
  };
  return {
    generation,
    position,
    bodyAt,
    frame: { isWhole: true, header, bytes, from: 0, to: bytes.length, checksum, end },
  };
}

function placeOf(generation: number, position: number): Uint8Array {
  const place = new Uint8Array(24);
  place.set(Buffer.from('patch'));
  putU64(viewOf(place), 8, generation);
  putU64(viewOf(place), 16, position);
  return place;
}
