/** The ids of messages that came lately, as they are written down when a server stops: the next need not read the messages for them. */
import { Buffer } from 'node:buffer';
import type { Stream } from './stream.ts';

export const KNOWN_IDS_CELL = 'known-ids';
/** More of them are looked for in the messages: a stop is not to take long. */
const WRITTEN_MAX = 10_000;

/** They hold for as long as nothing came after the last sequence. */
interface KnownIds {
  readonly last: number;
  readonly ids: readonly (readonly [id: string, seq: number, time: number])[];
}

export function writeKnownIds({ log, machine }: Stream): void {
  if (hasMoreToRecall(machine.config) || machine.duplicates.size > WRITTEN_MAX) return;
  // Of messages that are gone nothing would be known either if they were read.
  const ids = machine.duplicates.list().filter(([, seq]) => log.has(seq));
  const known: KnownIds = { last: log.records.store.last, ids };
  const ticket = log.records.cells.put(KNOWN_IDS_CELL, Buffer.from(JSON.stringify(known)));
  if (ticket > 0) log.ticket = ticket;
}

/** Answers whether nothing but the newest message has to be read. */
export async function readKnownIds({ log, machine }: Stream): Promise<boolean> {
  if (hasMoreToRecall(machine.config)) return false;
  // One that is damaged is not needed.
  const cell = await log.records.cells.get(KNOWN_IDS_CELL).catch(() => null);
  if (cell === null) return false;
  const known = JSON.parse(Buffer.from(cell).toString('utf8')) as KnownIds;
  if (known.last !== log.records.store.last) return false;
  for (const [id, seq, time] of known.ids) machine.duplicates.add(id, seq, time);
  return true;
}

/** Messages say more than their ids. */
function hasMoreToRecall({ sources, allowMsgTtl, allowMsgSchedules }: Stream['config']): boolean {
  return sources.length > 0 || allowMsgTtl || allowMsgSchedules;
}
