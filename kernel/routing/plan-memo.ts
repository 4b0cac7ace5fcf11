/**
 * Where a subject led. It is looked up again only when another comes, or anything changed: another is one that differs in what was looked
 * at, or in how many tokens follow. So all acknowledgements of one consumer lead to the same place, as does all below one wildcard.
 */
import { EMPTY_PLAN, type Plan } from './plan.ts';
import { SubjectMemo } from './subject-memo.ts';
import type { Sublist } from './sublist.ts';

const DOT = 46;

export class PlanMemo {
  plan: Plan = EMPTY_PLAN;
  private readonly subject = new SubjectMemo();
  private tail = 0;
  private sublist: Sublist | null = null;
  private generation = 0;

  find(sublist: Sublist, bytes: Buffer, start: number, end: number): Plan {
    if (!this.knows(sublist, bytes, start, end))
      this.note(sublist, bytes, start, end, end, sublist.match(bytes, start, end));
    return this.plan;
  }

  /** Whether a subject leads to `plan`. */
  knows(sublist: Sublist, bytes: Uint8Array, start: number, end: number): boolean {
    const { subject } = this;
    if (this.sublist !== sublist || this.generation !== sublist.generation || !subject.begins(bytes, start, end))
      return false;
    return tokensBehind(bytes, start + subject.length, end) === this.tail;
  }

  /** Nothing but the tokens up to `decisiveEnd` was looked at. */
  note(sublist: Sublist, bytes: Uint8Array, start: number, decisiveEnd: number, end: number, plan: Plan): void {
    this.plan = plan;
    this.subject.remember(bytes, start, decisiveEnd);
    this.tail = tokensBehind(bytes, decisiveEnd, end);
    this.sublist = this.tail < 0 ? null : sublist;
    this.generation = sublist.generation;
  }
}

/** -1 where one of them is empty. */
function tokensBehind(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== DOT) {
      if (at === start) return -1;
    } else if (at + 1 === end || bytes[at + 1] === DOT) return -1;
    else count++;
  }
  return count;
}
