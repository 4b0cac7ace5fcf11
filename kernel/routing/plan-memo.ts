/** Where subjects of one account lead that come over a line: looked up again only when the subject is another, or anything changed. */
import { EMPTY_PLAN, type Plan } from './plan.ts';
import type { Sublist } from './sublist.ts';

const REMEMBERED_MAX = 256;

export class PlanMemo {
  private readonly bytes = new Uint8Array(REMEMBERED_MAX);
  private length = -1;
  private sublist: Sublist | null = null;
  private generation = 0;
  private plan: Plan = EMPTY_PLAN;

  find(sublist: Sublist, bytes: Buffer, start: number, end: number): Plan {
    if (this.sublist === sublist && this.generation === sublist.generation && this.isSame(bytes, start, end)) {
      return this.plan;
    }
    const plan = sublist.match(bytes, start, end);
    this.sublist = sublist;
    this.generation = sublist.generation;
    this.plan = plan;
    this.remember(bytes, start, end);
    return plan;
  }

  private isSame(bytes: Buffer, start: number, end: number): boolean {
    if (end - start !== this.length) return false;
    const known = this.bytes;
    // From the end, where subjects differ.
    for (let at = this.length - 1; at >= 0; at--) if (known[at] !== bytes[start + at]) return false;
    return true;
  }

  private remember(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    this.length = length > REMEMBERED_MAX ? -1 : length;
    for (let at = 0; at < this.length; at++) this.bytes[at] = bytes[start + at];
  }
}
