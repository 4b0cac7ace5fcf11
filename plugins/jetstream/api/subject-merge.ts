/**
 * Very many subjects in the order of their texts. Of each only the number is kept, and the texts of one per run: a million texts
 * would hold the collection of garbage up for longer than anybody likes to wait.
 */
import type { SubjectTable } from '../../../storage-drivers/derived/subject-table.ts';

/** The nodes in the order of their subjects. */
export function sortedRun(subjects: SubjectTable, nodes: readonly number[]): Uint32Array {
  const texts = nodes.map((node) => subjects.subjectOf(node));
  const order = nodes.map((_node, index) => index);
  order.sort((left, right) => (texts[left]! < texts[right]! ? -1 : 1));
  return Uint32Array.from(order, (index) => nodes[index]!);
}

/** A run, and how far it has got. */
interface Head {
  readonly run: Uint32Array;
  at: number;
  subject: string;
}

export class SubjectMerge {
  readonly subjects: SubjectTable;
  /** What `next` found. */
  node = 0;
  subject = '';
  /** A heap: each head comes before those at twice its place. */
  private readonly heads: Head[] = [];

  /** The runs are not empty. */
  constructor(subjects: SubjectTable, runs: readonly Uint32Array[]) {
    this.subjects = subjects;
    this.heads = runs.map((run) => ({ run, at: 0, subject: subjects.subjectOf(run[0]!) }));
    for (let place = this.heads.length >>> 1; place >= 0; place--) this.sink(place);
  }

  /** False when all were there. */
  next(): boolean {
    const first = this.heads[0];
    if (first === undefined) return false;
    this.node = first.run[first.at]!;
    this.subject = first.subject;
    if (++first.at < first.run.length) first.subject = this.subjects.subjectOf(first.run[first.at]!);
    else {
      const last = this.heads.pop()!;
      if (last !== first) this.heads[0] = last;
    }
    this.sink(0);
    return true;
  }

  private sink(from: number): void {
    const { heads } = this;
    const head = heads[from];
    if (head === undefined) return;
    let place = from;
    for (let child = 2 * place + 1; child < heads.length; child = 2 * place + 1) {
      const other = child + 1;
      if (other < heads.length && heads[other]!.subject < heads[child]!.subject) child = other;
      if (head.subject <= heads[child]!.subject) break;
      heads[place] = heads[child]!;
      place = child;
    }
    heads[place] = head;
  }
}
