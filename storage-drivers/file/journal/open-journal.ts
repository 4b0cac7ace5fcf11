/** Opens a journal: reads what is there from the oldest needed frame on, and begins a new segment behind it. */
import { join } from 'node:path';
import type { Disk } from '../../../kernel/plugin-api.ts';
import { datasync, readAt, writeAt } from '../file-calls.ts';
import { type FoundSegments, findSegments, openSegment } from './find-segments.ts';
import { FramePatches } from './frame-patches.ts';
import { Journal } from './journal.ts';
import type { JournalOptions, JournalWorld } from './journal-options.ts';
import { type Cut, type JournalHole, JournalRecovery, type JournalVisitor } from './recovery.ts';
import { Segments } from './segments.ts';
import { TailMarks } from './tail-mark.ts';

export interface JournalReport {
  readonly segments: number;
  readonly frames: number;
  readonly records: number;
  readonly holes: readonly JournalHole[];
  /** Where the journal ends that was not closed. What may stand behind was never acknowledged. */
  readonly cut: Cut | null;
  /** Files among the segments that make no sense, and are left alone. */
  readonly strangers: readonly string[];
  readonly readErrors: number;
  readonly milliseconds: number;
}

export interface OpenedJournal {
  /** To be started once all stores are known that need what was read. */
  readonly journal: Journal;
  readonly report: JournalReport;
}

export async function openJournal(
  options: JournalOptions,
  world: JournalWorld,
  visitor: JournalVisitor,
): Promise<OpenedJournal> {
  const { disk, clock } = world;
  const { directory, uuid } = options;
  const begun = clock.monotonic();
  await disk.makeDirectory(directory);
  await disk.syncDirectory(join(directory, '..'));
  const found = await findSegments(disk, directory, uuid, options.keys);
  const { marks, mark } = await TailMarks.open(disk, directory, uuid, options.tailMarkDistanceBytes);
  const patches = new FramePatches(disk, directory, uuid, options.keys);
  await patches.load();
  await patches.releaseBefore(found.oldest);
  for (const { slot, generation } of found.needed) await patches.applyTo(slot.path, generation);
  const recovery = new JournalRecovery(visitor, mark);
  const reading = { uuid, patches };
  await recovery.run(found.needed, found.oldest, (segment) => openSegment(disk, segment, reading));
  const segments = new Segments(disk, directory, uuid, options.reserveBytes, options.syncIntervalMs > 0);
  segments.adopt(
    found.names,
    found.needed.map((segment) => segment.slot),
    found.free,
  );
  await settle(disk, found, recovery);
  const end = { ...recovery.end, generation: Math.max(found.newest, mark?.generation ?? 0) };
  const journal = new Journal(options, world, { segments, marks, patches }, end);
  journal.adopt(found.needed);
  return { journal, report: reportOf(found, recovery, clock.monotonic() - begun) };
}

/**
 * What was read may stand in memory only, left there by a process that was killed. The next segment is going to say that it was synced, so
 * it has to be.
 */
async function settle(disk: Disk, found: FoundSegments, recovery: JournalRecovery): Promise<void> {
  const last = found.needed.at(-1);
  if (last === undefined) return;
  const file = await disk.open(last.slot.path, 'update');
  try {
    // After a sync that failed, pages look clean that never got to the disk: only what is written again is synced for sure.
    for (const { position, end } of recovery.unproven) {
      const bytes = new Uint8Array(end - position);
      if ((await readAt(file, bytes, position)) === bytes.length) await writeAt(file, [bytes], position);
    }
    await datasync(file);
  } finally {
    await file.close();
  }
}

function reportOf(found: FoundSegments, recovery: JournalRecovery, milliseconds: number): JournalReport {
  return {
    segments: found.needed.length,
    frames: recovery.frames,
    records: recovery.records,
    holes: recovery.holes,
    cut: recovery.cut,
    strangers: found.strangers,
    readErrors: recovery.readErrors,
    milliseconds,
  };
}
