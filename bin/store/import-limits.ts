/** What limits had removed stands in an index alone. Where that is old, messages come back that a server would throw away at once. */
import type { StagedStream } from '../../plugins/jetstream/backup/staged-stream.ts';
import { limitsOf, type StreamLimits } from '../../plugins/jetstream/stream/limits.ts';
import type { StreamConfig } from '../../protocols/jetstream/stream-config.ts';
import { FilterSet } from '../../storage-drivers/derived/filter-set.ts';

/** Answers how many messages went. */
export function keepToLimits(staged: StagedStream, config: StreamConfig): number {
  const { records } = staged;
  const before = records.count;
  const limits = limitsOf(config);
  const isRefused = config.discard === 'new';
  if (Number.isFinite(limits.maxMsgsPerSubject) && !(isRefused && config.discardNewPerSubject)) {
    keepSubjects(staged, limits.maxMsgsPerSubject);
  }
  // Where what is beyond is refused there is nothing beyond.
  if (!isRefused) keepNewest(staged, limits);
  return before - records.count;
}

function keepSubjects(staged: StagedStream, most: number): void {
  const { records } = staged;
  const full: number[] = [];
  records.visitSubjects(new FilterSet([]), (node) => {
    if (records.countOf(node) > most) full.push(node);
    return true;
  });
  for (const node of full) {
    while (records.countOf(node) > most) {
      const first = records.firstOf(node);
      staged.remove(first, first);
    }
  }
}

function keepNewest(staged: StagedStream, { maxMsgs, maxBytes }: StreamLimits): void {
  const { index } = staged.records;
  let { count, bytes } = index;
  let first = index.firstFrom(0);
  while (count > 0 && (count > maxMsgs || bytes > maxBytes)) {
    count--;
    bytes -= index.sizeOf(first);
    first = index.firstFrom(first + 1);
  }
  if (count < index.count) staged.dropBefore(count === 0 ? staged.records.last + 1 : first);
}
