/** A message that takes the place of all before it, or of all of its subject: they go at once, or in steps where they are very many. */
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from './message-log.ts';
import { Purge, type PurgeCommand, removeOlder } from './purge.ts';
import type { PurgeExtent, Purging } from './purge-extent.ts';
import { subjectOf } from './subject-change.ts';

/** So many go with the message; others that come while steps are left take none with them. */
const AT_ONCE = 1000;

export interface RolledUp {
  readonly log: MessageLog;
  readonly purges: Purging | null;
  extentOf(command: PurgeCommand): PurgeExtent;
}

interface Unfinished {
  readonly extent: PurgeExtent;
  readonly purge: Purge;
}

export class Rollups {
  /** There are messages that are to go. */
  isPending = false;
  private readonly of: RolledUp;
  private readonly unfinished: Unfinished[] = [];

  constructor(of: RolledUp) {
    this.of = of;
  }

  /** `extent` is `all`, or of the subject only. */
  begin(message: MessageBytes, extent: string, sequence: number): void {
    const { of } = this;
    const keep = of.log.has(sequence) ? 1 : 0;
    const filter = extent === 'all' ? '' : subjectOf(message);
    const known = this.unfinished.find(({ purge }) => purge.filter === filter);
    if (known !== undefined) {
      known.purge.reach(sequence);
      return;
    }
    const told = of.extentOf({ before: 0, filter, keep });
    const command = { before: sequence, filter, keep: 0 };
    if (filter === '') this.purge({ extent: told, purge: new Purge(of.log, command) });
    else if (this.isOlderLeft(told, of.log.nodeOf(message), sequence)) {
      this.add({ extent: told, purge: new Purge(of.log, command) });
    }
  }

  /** Removes up to so many; true when none is left to go. */
  step(most: number): boolean {
    const first = this.unfinished[0];
    if (first !== undefined && this.isDone(first, most)) this.unfinished.shift();
    this.isPending = this.unfinished.length > 0;
    return !this.isPending;
  }

  private purge(all: Unfinished): void {
    if (!this.isDone(all, AT_ONCE)) this.add(all);
  }

  private add(more: Unfinished): void {
    this.unfinished.push(more);
    this.isPending = true;
  }

  private isOlderLeft(extent: PurgeExtent, node: number, sequence: number): boolean {
    const { log } = this.of;
    const removed = this.told(extent, () => removeOlder(log, node, sequence, AT_ONCE));
    return removed === AT_ONCE;
  }

  private isDone({ extent, purge }: Unfinished, most: number): boolean {
    let isOver = false;
    this.told(extent, () => {
      isOver = purge.step(most);
      return purge.removed;
    });
    return isOver;
  }

  private told(extent: PurgeExtent, purge: () => number): number {
    const { purges } = this.of;
    return purges === null ? purge() : purges.purging(extent, purge);
  }
}
