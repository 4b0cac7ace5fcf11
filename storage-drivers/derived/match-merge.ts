/**
 * The records of some subjects in the order of their sequences: each subject's records are a chain already, and the chains are
 * merged. What lies between is not looked at, however much it is.
 */
import type { FilterSet } from './filter-set.ts';
import { nextOfLiteral } from './next-match.ts';
import type { RecordIndex } from './record-index.ts';
import { visitSubjects } from './subject-walk.ts';

export class MatchMerge {
  /** Nothing above is found here: it came later. */
  readonly to: number;
  /** Chains that were followed from one record to the next. */
  steps = 0;
  private readonly index: RecordIndex;
  private readonly table: object;
  private readonly epoch: number;
  /** A heap: the next record of each subject, and the subject. */
  private readonly seqs: number[] = [];
  private readonly nodes: number[] = [];

  private constructor(index: RecordIndex) {
    this.index = index;
    this.table = index.subjects;
    this.epoch = index.subjects.epoch;
    this.to = index.lastUpTo(Number.MAX_SAFE_INTEGER);
  }

  /** Null where there are more subjects than are worth it, or where it takes too long to find them. */
  static of(index: RecordIndex, filters: FilterSet, from: number, looksMax: number): MatchMerge | null {
    const merge = new MatchMerge(index);
    const budget = { left: looksMax };
    const visit = (node: number): boolean => {
      merge.add(node, nextOfLiteral(index, node, from));
      return true;
    };
    return visitSubjects(index.subjects, filters, visit, budget) ? merge : null;
  }

  /** Numbers stand for other subjects by now. */
  get isVoid(): boolean {
    return this.index.subjects !== this.table || this.index.subjects.epoch !== this.epoch;
  }

  /** The first at or above; 0 when there is none up to where this one goes. */
  next(from: number): number {
    const { seqs, nodes, index } = this;
    while (seqs.length > 0) {
      const seq = seqs[0]!;
      const node = nodes[0]!;
      if (seq >= from && index.subjectAt(seq) === node) return seq;
      this.takeFirst();
      this.steps++;
      if (index.subjects.count(node) > 0 && seq < index.lastOf(node)) this.add(node, index.nextOf(node, seq));
    }
    return 0;
  }

  private add(node: number, seq: number): void {
    if (seq === 0 || seq > this.to) return;
    const { seqs, nodes } = this;
    let at = seqs.length;
    seqs.push(seq);
    nodes.push(node);
    for (; at > 0; ) {
      const above = (at - 1) >>> 1;
      if (seqs[above]! <= seq) break;
      seqs[at] = seqs[above]!;
      nodes[at] = nodes[above]!;
      at = above;
    }
    seqs[at] = seq;
    nodes[at] = node;
  }

  private takeFirst(): void {
    const { seqs, nodes } = this;
    const seq = seqs.pop()!;
    const node = nodes.pop()!;
    const { length } = seqs;
    if (length === 0) return;
    let at = 0;
    for (let below = 1; below < length; below = 2 * at + 1) {
      if (below + 1 < length && seqs[below + 1]! < seqs[below]!) below++;
      if (seqs[below]! >= seq) break;
      seqs[at] = seqs[below]!;
      nodes[at] = nodes[below]!;
      at = below;
    }
    seqs[at] = seq;
    nodes[at] = node;
  }
}
