/** The files of a journal: one that is written, those that are still needed, and those that are free to be written again. */
import { join } from 'node:path';
import type { Disk, OpenFile } from '../../../kernel/plugin-api.ts';
import { datasync, writeAt } from '../file-calls.ts';
import { blankSegmentHead } from './segment-format.ts';

const NAME = /^(\d{8})\.seg$/;
const TEMPORARY = '.tmp';
const RESERVE = 'reserve';
/** More free files than this are given back to the disk. */
const FREE_MAX = 3;
/**
 * Zeros are written and synced in small pieces, so that the syncs of what is written meanwhile do not wait for many of them. Where few
 * syncs are waited for, that would only take time.
 */
const ZEROS_AT_ONCE = 512 * 1024;
const ZEROS_AT_ONCE_SELDOM_SYNCED = 16 * 1024 * 1024;

/** A file of the journal, whatever it holds. */
export interface Slot {
  readonly path: string;
  readonly bytes: number;
  /** Which segment it holds or held; 0 for none. */
  readonly generation: number;
}

export function isSegmentName(name: string): boolean {
  return NAME.test(name);
}

export class Segments {
  /** By generation. */
  readonly sealed: Slot[] = [];
  /** What the newest head on the disk says: segments before this one may be gone. */
  statedOldest = 0;
  private readonly disk: Disk;
  private readonly directory: string;
  private readonly uuid: Uint8Array;
  private readonly reserveBytes: number;
  private readonly zerosAtOnce: number;
  private free: Slot[] = [];
  /** Neither free nor in use: about to be opened, or removed. */
  private readonly moving = new Set<Slot>();
  private spare: { slot: Slot; file: OpenFile } | null = null;
  private preparing: Promise<void> | null = null;
  private highestName = 0;
  /** How many files were made. */
  made = 0;

  constructor(disk: Disk, directory: string, uuid: Uint8Array, reserveBytes: number, isSeldomSynced: boolean) {
    this.disk = disk;
    this.uuid = uuid;
    this.directory = directory;
    this.reserveBytes = reserveBytes;
    this.zerosAtOnce = isSeldomSynced ? ZEROS_AT_ONCE_SELDOM_SYNCED : ZEROS_AT_ONCE;
  }

  /** What was found on the disk. Names that are taken, also by files that are none of ours, are not used again. */
  adopt(names: readonly string[], sealed: readonly Slot[], free: readonly Slot[]): void {
    for (const name of names) this.highestName = Math.max(this.highestName, Number(NAME.exec(name)?.[1] ?? 0));
    this.sealed.push(...sealed);
    this.free.push(...free);
  }

  /** All files but the one that is written. */
  get bytes(): number {
    let bytes = this.spare?.slot.bytes ?? 0;
    for (const slot of [...this.sealed, ...this.free, ...this.moving]) bytes += slot.bytes;
    return bytes;
  }

  /** All of them. */
  get all(): Slot[] {
    return [...this.sealed, ...this.free, ...this.moving, ...(this.spare === null ? [] : [this.spare.slot])];
  }

  get sealedBytes(): number {
    return this.sealed.reduce((sum, slot) => sum + slot.bytes, 0);
  }

  /** Segments before this one are not needed any more. */
  releaseBefore(generation: number): void {
    while (this.sealed.length > 0 && this.sealed[0]!.generation < generation) this.free.push(this.sealed.shift()!);
  }

  /**
   * Makes a file ready that has at least `least` bytes, before it is needed; if there is none to be had, one of `bytes`. Rejects when the
   * disk has no room.
   */
  async prepare(least: number, bytes: number): Promise<void> {
    if (this.preparing !== null) await this.preparing.catch(() => {});
    if (this.spare !== null && this.spare.slot.bytes >= least) return;
    this.preparing = this.makeReady(least, bytes);
    try {
      await this.preparing;
    } finally {
      this.preparing = null;
    }
  }

  /** A file of at least so many bytes, open and written once. */
  async take(least: number, bytes: number): Promise<{ slot: Slot; file: OpenFile }> {
    // One that is free is there at once; to make another takes long, and goes on meanwhile.
    if (this.preparing !== null && this.free.some((slot) => slot.bytes >= least)) return this.openFree(least);
    await this.prepare(least, bytes);
    const taken = this.spare!;
    this.spare = null;
    return taken;
  }

  /** Gives the reserve back to the disk, so that what frees space can still be done. */
  async useReserve(): Promise<void> {
    await this.disk.remove(join(this.directory, RESERVE));
  }

  /** Rejects when the disk has no room. */
  async keepReserve(): Promise<void> {
    if (this.reserveBytes === 0 || (await this.disk.list(this.directory)).includes(RESERVE)) return;
    await (await this.create(RESERVE, this.reserveBytes, new Uint8Array(0))).close();
  }

  async close(): Promise<void> {
    await this.preparing?.catch(() => {});
    await this.spare?.file.close();
    this.spare = null;
  }

  private async makeReady(least: number, bytes: number): Promise<void> {
    await this.putSpareBack();
    if (this.free.some((slot) => slot.bytes >= least)) this.spare = await this.openFree(least);
    else {
      const name = `${String(++this.highestName).padStart(8, '0')}.seg`;
      const file = await this.create(name, bytes, blankSegmentHead(this.uuid, bytes));
      this.spare = { slot: { path: join(this.directory, name), bytes, generation: 0 }, file };
      // Only what was made counts: a full disk is not asked for more and more.
      this.made++;
    }
    await this.removeSurplus(least);
  }

  /** The largest of the free files, of which one has so many bytes. */
  private async openFree(least: number): Promise<{ slot: Slot; file: OpenFile }> {
    let slot = this.free[0]!;
    for (const other of this.free) if (other.bytes > slot.bytes) slot = other;
    if (slot.bytes < least) throw new Error(`${this.directory}: no free file of ${least} bytes`);
    return { slot, file: await this.withoutFree(slot, () => this.disk.open(slot.path, 'update')) };
  }

  /** A free file is not free any more, unless that fails. */
  private async withoutFree<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    this.free.splice(this.free.indexOf(slot), 1);
    this.moving.add(slot);
    try {
      return await work();
    } catch (error) {
      this.free.push(slot);
      throw error;
    } finally {
      this.moving.delete(slot);
    }
  }

  /** One that is too small now. */
  private async putSpareBack(): Promise<void> {
    if (this.spare === null) return;
    const { slot, file } = this.spare;
    this.spare = null;
    this.free.push(slot);
    await file.close();
  }

  private async removeSurplus(least: number): Promise<void> {
    const small = this.free.filter((slot) => slot.bytes < least);
    const enough = this.free.filter((slot) => slot.bytes >= least).sort((one, other) => other.bytes - one.bytes);
    // A file that a reader of the journal might still miss stays: it may be overwritten, but only by a segment that says so.
    const surplus = [...small, ...enough.slice(FREE_MAX)].filter((slot) => slot.generation < this.statedOldest);
    for (const slot of surplus) {
      // It may have been taken meanwhile.
      if (this.free.includes(slot)) await this.withoutFree(slot, () => this.disk.remove(slot.path));
    }
    if (surplus.length > 0) await this.disk.syncDirectory(this.directory);
  }

  /** Appears under its name only when it is whole. */
  private async create(name: string, bytes: number, head: Uint8Array): Promise<OpenFile> {
    const path = join(this.directory, name);
    const temporary = path + TEMPORARY;
    await this.disk.remove(temporary);
    const file = await this.disk.open(temporary, 'create');
    try {
      for (let at = 0; at < bytes; at += this.zerosAtOnce) {
        await file.preallocate(at, Math.min(bytes, at + this.zerosAtOnce));
        await datasync(file);
      }
      await writeAt(file, [head], 0);
      await datasync(file);
      await this.disk.rename(temporary, path);
      await this.disk.syncDirectory(this.directory);
    } catch (error) {
      await file.close();
      await this.disk.remove(temporary).catch(() => {});
      throw error;
    }
    return file;
  }
}
