/** A page of the subjects of a stream, by name, with how many messages each has: made in turns where there are many. */
import { Pace, textFromSubject } from '../../../kernel/plugin-api.ts';
import { SUBJECTS_PAGE } from '../../../protocols/jetstream/replies.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { SubjectTable } from '../../../storage-drivers/derived/subject-table.ts';
import type { Stream } from '../stream/stream.ts';
import { SubjectMerge, sortedRun } from './subject-merge.ts';

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
const AT_ONCE_MAX = 2048;
/** So many are sorted by themselves, in one turn. */
const PIECE = 1024;
/** After so many it is asked whether it is somebody else's turn. */
const CHECK = 32;

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

/** Sorted runs first, of numbers and not of texts, which are then merged as far as the page goes. */
async function pageInTurns(stream: Stream, filters: FilterSet, offset: number): Promise<SubjectPage> {
  const { subjects } = stream.log.records.index;
  const pace = new Pace(stream.of.clock);
  subjects.hold();
  try {
    const runs = await runsOf(subjects, filters, pace);
    const total = runs.reduce((sum, { length }) => sum + length, 0);
    if (total === 0) return NO_SUBJECTS;
    const text = await printed(new SubjectMerge(subjects, runs), offset, pace);
    return { total, offset, limit: SUBJECTS_PAGE, subjects: new Map(), text };
  } finally {
    subjects.letGo();
  }
}

async function runsOf(subjects: SubjectTable, filters: FilterSet, pace: Pace): Promise<Uint32Array[]> {
  const runs: Uint32Array[] = [];
  for (let from = 0; from < subjects.nodes.length; from += PIECE) {
    const nodes: number[] = [];
    const end = Math.min(from + PIECE, subjects.nodes.length);
    for (let node = from; node < end; node++) {
      if (subjects.count(node) > 0 && filters.matches(subjects, node)) nodes.push(node);
    }
    if (nodes.length > 0) runs.push(sortedRun(subjects, nodes));
    if (pace.isDue) await pace.rest();
  }
  return runs;
}

/** What goes while the page is made is not on it. */
async function printed(merge: SubjectMerge, offset: number, pace: Pace): Promise<string> {
  const { subjects } = merge;
  const pieces: string[] = [];
  let piece = '';
  let shown = 0;
  for (let at = 0; merge.next() && shown < SUBJECTS_PAGE; at++) {
    const count = at < offset ? 0 : subjects.count(merge.node);
    if (count > 0) {
      piece += `${piece === '' ? '' : ','}${JSON.stringify(textFromSubject(merge.subject))}:${count}`;
      shown++;
    }
    if (at % CHECK !== 0 || !pace.isDue) continue;
    if (piece !== '') pieces.push(piece);
    piece = '';
    await pace.rest();
  }
  if (piece !== '') pieces.push(piece);
  return `{${pieces.join()}}`;
}

function bySubject([left]: Counted, [right]: Counted): number {
  return left < right ? -1 : 1;
}
