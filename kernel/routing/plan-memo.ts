/** Where subjects of one account lead that come over a line: looked up again only when the subject is another, or anything changed. */
import { EMPTY_PLAN, type Plan } from './plan.ts';
import { SubjectMemo } from './subject-memo.ts';
import type { Sublist } from './sublist.ts';

export class PlanMemo {
  private readonly subject = new SubjectMemo();
  private sublist: Sublist | null = null;
  private generation = 0;
  private plan: Plan = EMPTY_PLAN;

  find(sublist: Sublist, bytes: Buffer, start: number, end: number): Plan {
    const { subject } = this;
    if (this.sublist === sublist && this.generation === sublist.generation && subject.isSame(bytes, start, end)) {
      return this.plan;
    }
    const plan = sublist.match(bytes, start, end);
    this.sublist = sublist;
    this.generation = sublist.generation;
    this.plan = plan;
    subject.remember(bytes, start, end);
    return plan;
  }
}
