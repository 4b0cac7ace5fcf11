/**
 * A note of the newest frame that was synced, written a moment after its sync when nothing else follows. With it a damaged last frame is
 * known to be damaged: without, it might as well be one that a power cut tore, which nobody was promised.
 *
 * Two sectors take turns, each far from the other and from any other file.
 */
import { join } from 'node:path';
import type { Disk, OpenFile } from '../../../kernel/plugin-api.ts';
import { checksum } from '../../derived/checksum.ts';
import { datasync, readAt, writeAt } from '../file-calls.ts';
import { getU64, putU64, viewOf } from '../numbers.ts';
import { SECTOR_BYTES } from './frame-format.ts';

const NAME = 'tail';
const MARK_MAGIC = 0x314d4e47;
const SUM_AT = 60;

export interface TailMark {
  /** Counts marks, so that the newer of two is known. */
  count: number;
  generation: number;
  frame: number;
  offset: number;
  checksum: number;
  /** Nothing was written after it. */
  isLast: boolean;
}

export class TailMarks {
  private readonly file: OpenFile;
  private readonly uuid: Uint8Array;
  private readonly distance: number;
  private readonly sector = new Uint8Array(SECTOR_BYTES);
  private readonly view = viewOf(this.sector);
  private count: number;

  constructor(file: OpenFile, uuid: Uint8Array, distance: number, count: number) {
    this.file = file;
    this.uuid = uuid;
    this.distance = distance;
    this.count = count;
  }

  /** Opens the place for marks, made where there is none, and answers the newest mark there. */
  static async open(disk: Disk, directory: string, uuid: Uint8Array, distance: number) {
    const path = join(directory, NAME);
    const names = await disk.list(directory);
    const file = names.includes(NAME) ? await disk.open(path, 'update') : await make(disk, directory, distance);
    const mark = await newestMark(file, uuid, distance);
    return { marks: new TailMarks(file, uuid, distance, mark?.count ?? 0), mark };
  }

  async write(mark: Omit<TailMark, 'count'>): Promise<void> {
    const { sector, view } = this;
    this.count++;
    view.setUint32(0, MARK_MAGIC, true);
    view.setUint32(4, mark.isLast ? 1 : 0, true);
    sector.set(this.uuid, 8);
    putU64(view, 24, this.count);
    putU64(view, 32, mark.generation);
    putU64(view, 40, mark.frame);
    putU64(view, 48, mark.offset);
    view.setUint32(56, mark.checksum, true);
    view.setUint32(SUM_AT, checksum(sector, 0, SUM_AT), true);
    await writeAt(this.file, [sector], placeOf(this.count % 2, this.distance));
    await datasync(this.file);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function placeOf(which: number, distance: number): number {
  return (1 + which) * distance;
}

async function make(disk: Disk, directory: string, distance: number): Promise<OpenFile> {
  const path = join(directory, NAME);
  await disk.remove(`${path}.tmp`);
  const file = await disk.open(`${path}.tmp`, 'create');
  await file.preallocate(0, 3 * distance);
  await datasync(file);
  await file.close();
  await disk.rename(`${path}.tmp`, path);
  await disk.syncDirectory(directory);
  return disk.open(path, 'update');
}

async function newestMark(file: OpenFile, uuid: Uint8Array, distance: number): Promise<TailMark | null> {
  let newest: TailMark | null = null;
  for (const which of [0, 1]) {
    const sector = new Uint8Array(SECTOR_BYTES);
    // What cannot be read proves nothing; the mark is a proof and no promise.
    const count = await readAt(file, sector, placeOf(which, distance)).catch(() => 0);
    const mark = count === SECTOR_BYTES ? readMark(sector, uuid) : null;
    if (mark !== null && (newest === null || mark.count > newest.count)) newest = mark;
  }
  return newest;
}

function readMark(sector: Uint8Array, uuid: Uint8Array): TailMark | null {
  const view = viewOf(sector);
  if (view.getUint32(0, true) !== MARK_MAGIC) return null;
  if (checksum(sector, 0, SUM_AT) !== view.getUint32(SUM_AT, true)) return null;
  if (!uuid.every((byte, index) => sector[8 + index] === byte)) return null;
  return {
    count: getU64(view, 24),
    generation: getU64(view, 32),
    frame: getU64(view, 40),
    offset: getU64(view, 48),
    checksum: view.getUint32(56, true),
    isLast: view.getUint32(4, true) === 1,
  };
}
