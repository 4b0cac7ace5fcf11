/** Which files of a directory are segments of the journal, which of them are needed, and which are free. */
import { join } from 'node:path';
import type { Disk, OpenFile } from '../../../kernel/plugin-api.ts';
import { readAt } from '../file-calls.ts';
import type { FrameCipher, StoreKeys } from '../frame-cipher.ts';
import { getU64 } from '../numbers.ts';
import { keyPlace } from './active-segment.ts';
import { FRAME_HEADER_BYTES, readFrameHead, SECTOR_BYTES } from './frame-format.ts';
import type { FramePatches } from './frame-patches.ts';
import { FRAMES_START, HEADER_PLACES, readSegmentHead, type SegmentHeader } from './segment-format.ts';
import { SegmentReader } from './segment-reader.ts';
import { isSegmentName, type Slot } from './segments.ts';

export interface FoundSegment {
  readonly slot: Slot;
  readonly generation: number;
  readonly oldestGeneration: number;
  /** Null when the head is lost. */
  readonly firstFrame: number | null;
  readonly chain: number;
  /** The lowest number among its frames, where the head is lost. */
  readonly lowestFrame: number;
  readonly cipher: FrameCipher | null | 'lost';
}

export interface FoundSegments {
  /** The names of all files, ours or not. */
  readonly names: readonly string[];
  /** By generation. */
  readonly needed: readonly FoundSegment[];
  readonly free: readonly Slot[];
  /** Files that make no sense. They are left as they are. */
  readonly strangers: readonly string[];
  /** The segment that the newest head calls the oldest one needed. */
  readonly oldest: number;
  readonly newest: number;
}

/** Names left by an interrupted creation. */
const TEMPORARY = /\.tmp$/;

export async function findSegments(
  disk: Disk,
  directory: string,
  uuid: Uint8Array,
  keys: StoreKeys | null,
): Promise<FoundSegments> {
  const names: string[] = [];
  const free: Slot[] = [];
  const found: FoundSegment[] = [];
  const strangers: string[] = [];
  for (const name of await disk.list(directory)) {
    if (TEMPORARY.test(name)) await disk.remove(join(directory, name));
    if (!isSegmentName(name)) continue;
    names.push(name);
    const path = join(directory, name);
    const seen = await lookAt(disk, path, uuid, keys);
    if (seen === 'stranger') strangers.push(path);
    else if ('oldestGeneration' in seen) found.push(seen);
    else free.push(seen);
  }
  return { names, strangers, ...sort(found, free) };
}

function sort(found: FoundSegment[], blank: readonly Slot[]) {
  const byGeneration = found.sort((a, b) => a.generation - b.generation);
  const oldest = byGeneration.reduce((most, segment) => Math.max(most, segment.oldestGeneration), 0);
  const needed = byGeneration.filter((segment) => segment.generation >= oldest);
  const done = byGeneration.filter((segment) => segment.generation < oldest).map((segment) => segment.slot);
  return { needed, free: [...blank, ...done], oldest, newest: byGeneration.at(-1)?.generation ?? 0 };
}

async function lookAt(disk: Disk, path: string, uuid: Uint8Array, keys: StoreKeys | null) {
  const file = await disk.open(path, 'read');
  try {
    const bytes = await file.size();
    const header = readSegmentHead(await headOf(file));
    if (header !== null) return isOf(header.uuid, uuid) ? known(path, bytes, header, keys) : 'stranger';
    return (await scan(file, path, bytes, uuid)) ?? 'stranger';
  } finally {
    await file.close();
  }
}

/** Without its head a segment that is encrypted is lost: where the disk refuses to read both copies, it is asked for each by itself. */
async function headOf(file: OpenFile): Promise<Uint8Array> {
  const head = new Uint8Array(FRAMES_START);
  const count = await readAt(file, head, 0).catch(() => -1);
  if (count >= 0) return head.subarray(0, count);
  for (const place of HEADER_PLACES) {
    await readAt(file, head.subarray(place, place + SECTOR_BYTES), place).catch(() => 0);
  }
  return head;
}

function known(path: string, bytes: number, header: SegmentHeader, keys: StoreKeys | null): FoundSegment | Slot {
  const { generation, oldestGeneration, firstFrame, chain } = header;
  const slot = { path, bytes, generation };
  if (generation === 0) return slot;
  return {
    slot,
    generation,
    oldestGeneration,
    firstFrame,
    chain,
    lowestFrame: firstFrame,
    cipher: keyOf(header, keys),
  };
}

function keyOf(header: SegmentHeader, keys: StoreKeys | null): FrameCipher | null | 'lost' {
  if (header.cipher === 0) return null;
  if (keys === null) return 'lost';
  try {
    return keys.unwrap(header.cipher, header.wrappedKey, keyPlace(header.generation));
  } catch {
    return 'lost';
  }
}

/** A segment whose head is lost, by what its frames say. */
async function scan(file: OpenFile, path: string, bytes: number, uuid: Uint8Array): Promise<FoundSegment | null> {
  const reader = new SegmentReader(file, bytes, { uuid, generation: 0 }, { cipher: null });
  let generation = 0;
  let oldestGeneration = 0;
  let lowestFrame = Infinity;
  for (let position = FRAMES_START; position + SECTOR_BYTES <= bytes; position += SECTOR_BYTES) {
    const { bytes: window, view, at } = await reader.bytesAt(position, FRAME_HEADER_BYTES);
    const own = getU64(view, at + 32);
    const header = readFrameHead(window, view, at, { uuid, generation: own });
    if (header === null || own < generation) continue;
    if (own > generation) lowestFrame = Infinity;
    generation = own;
    oldestGeneration = Math.max(oldestGeneration, header.oldestGeneration);
    lowestFrame = Math.min(lowestFrame, header.number);
  }
  if (generation === 0) return null;
  const slot = { path, bytes, generation };
  return { slot, generation, oldestGeneration, firstFrame: null, chain: 0, lowestFrame, cipher: 'lost' };
}

/** The segment that a file holds or held; null when it never held one. */
export async function findSegment(
  disk: Disk,
  path: string,
  { uuid, keys }: { uuid: Uint8Array; keys: StoreKeys | null },
): Promise<FoundSegment | null> {
  const seen = await lookAt(disk, path, uuid, keys);
  return seen !== 'stranger' && 'oldestGeneration' in seen ? seen : null;
}

/** A segment, ready to be read. */
export async function openSegment(disk: Disk, segment: FoundSegment, options: ReadOptions) {
  const file = await disk.open(segment.slot.path, 'read');
  return { file, reader: readerOf(file, segment, options) };
}

export interface ReadOptions {
  readonly uuid: Uint8Array;
  readonly patches?: FramePatches;
}

export function readerOf(file: OpenFile, { generation, slot, cipher }: FoundSegment, { uuid, patches }: ReadOptions) {
  const family = { uuid, generation };
  return new SegmentReader(file, slot.bytes, family, { cipher }, undefined, patches?.of(generation) ?? null);
}

function isOf(uuid: Uint8Array, own: Uint8Array): boolean {
  return uuid.every((byte, index) => byte === own[index]);
}
