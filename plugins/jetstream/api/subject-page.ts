/** A page of the subjects of a stream, by name, with how many messages each has: made in turns where there are many. */
import { textFromSubject } from '../../../kernel/plugin-api.ts';
import { SUBJECTS_PAGE } from '../../../protocols/jetstream/replies.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { Stream } from '../stream/stream.ts';

export interface SubjectPage {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly subjects: ReadonlyMap<string, number>;
  /** The subjects as JSON already, where there are many; empty otherwise. */
  readonly text: string;
}

export const NO_SUBJECTS: SubjectPage = { total: 0, offset: 0, limit: 0, subjects: new Map(), text: '' };

type Counted = readonly [subject: string, count: number];

/** With no more than that all is done at once. */
const AT_ONCE_MAX = 8192;
/** So many are sorted by themselves, or looked at, in one turn. */
const PIECE = 2048;

export function pageOfSubjects(stream: Stream, filter: string, from: number): SubjectPage | Promise<SubjectPage> {
  const filters = new FilterSet([filter]);
  const offset = Math.max(0, from);
  if (stream.log.subjectCount > AT_ONCE_MAX) return pageInTurns(stream, filters, offset);
  const all: Counted[] = [];
  stream.log.visitSubjects(filters, (subject, count) => void all.push([textFromSubject(subject), count]));
  if (all.length === 0) return NO_SUBJECTS;
  const isWhole = offset === 0 && all.length <= SUBJECTS_PAGE;
  const shown = isWhole ? all : all.sort(bySubject).slice(offset, offset + SUBJECTS_PAGE);
  return { total: all.length, offset, limit: SUBJECTS_PAGE, subjects: new Map(shown), text: '' };
}

/** Sorted runs first, which are then merged as far as the page goes. */
async function pageInTurns(stream: Stream, filters: FilterSet, offset: number): Promise<SubjectPage> {
  const runs = await runsOf(stream, filters);
  const total = runs.reduce((sum, { length }) => sum + length, 0);
  if (total === 0) return NO_SUBJECTS;
  let level = runs;
  while (level.length > 1) {
    const merged: Counted[][] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [one, other] = [level[at]!, level[at + 1]];
      merged.push(other === undefined ? one : await mergedOf(stream, one, other, offset + SUBJECTS_PAGE));
    }
    level = merged;
  }
  const text = await printed(stream, level[0]!.slice(offset, offset + SUBJECTS_PAGE));
  return { total, offset, limit: SUBJECTS_PAGE, subjects: new Map(), text };
}

async function printed(stream: Stream, subjects: readonly Counted[]): Promise<string> {
  const pieces: string[] = [];
  for (let from = 0; from < subjects.length; from += PIECE) {
    const piece = subjects.slice(from, from + PIECE);
    pieces.push(piece.map(([subject, count]) => `${JSON.stringify(subject)}:${count}`).join());
    await nextTurn(stream);
  }
  return `{${pieces.join()}}`;
}

async function runsOf(stream: Stream, filters: FilterSet): Promise<Counted[][]> {
  const { log } = stream;
  const { subjects } = log.records.index;
  const runs: Counted[][] = [];
  for (let from = 0; from < subjects.nodes.length; from += PIECE) {
    const run: Counted[] = [];
    const end = Math.min(from + PIECE, subjects.nodes.length);
    for (let node = from; node < end; node++) {
      const count = subjects.count(node);
      if (count > 0 && log.matches(filters, node)) run.push([textFromSubject(subjects.subjectOf(node)), count]);
    }
    if (run.length > 0) runs.push(run.sort(bySubject));
    await nextTurn(stream);
  }
  return runs;
}

/** No more than `most` of both: what lies behind is on no page that is asked for. */
async function mergedOf(stream: Stream, one: Counted[], other: Counted[], most: number): Promise<Counted[]> {
  const merged: Counted[] = [];
  let [left, right] = [0, 0];
  while (merged.length < most && left + right < one.length + other.length) {
    const isLeft = right === other.length || (left < one.length && bySubject(one[left]!, other[right]!) < 0);
    merged.push(isLeft ? one[left++]! : other[right++]!);
    if (merged.length % PIECE === 0) await nextTurn(stream);
  }
  return merged;
}

function nextTurn({ of }: Stream): Promise<void> {
  return new Promise((resolve) => of.clock.soon(resolve));
}

function bySubject([left]: Counted, [right]: Counted): number {
  return left < right ? -1 : 1;
}
