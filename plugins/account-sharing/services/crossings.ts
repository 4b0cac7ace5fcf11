/** Requests that are between two accounts just now: a frame for each, and the way each has come. */
import type { Message } from '../../../kernel/plugin-api.ts';
import { RequestFrame } from './request-frame.ts';
import type { RequesterInfo } from './requester-info.ts';

/** How many services may stand behind one another. */
const CHAIN_MAX = 64;
/** How often one request may be multiplied by services that several accounts have, behind one another. */
const COPIES_MAX = 1024;

export class Crossing {
  readonly frame = new RequestFrame();
  /** The import it crosses by. */
  owner: object | null = null;
  /** The crossing that brought it here; null where it was published. */
  previous: Crossing | null = null;
  info: RequesterInfo | null = null;
  /** Where reports of a traced request go; empty while it is not traced. */
  traceTo = '';
  /** Of the first crossing: how many came of it. */
  copies = 0;
}

export class Crossings {
  private readonly underWay = new Map<Message, Crossing>();
  private readonly idle: Crossing[] = [];

  /** Null for a request that has come by this import already, or has come too far. */
  enter(owner: object, request: Message): Crossing | null {
    const previous = this.underWay.get(request) ?? null;
    let depth = 0;
    let first = previous;
    for (let before = previous; before !== null; before = before.previous) {
      if (before.owner === owner || ++depth >= CHAIN_MAX) return null;
      first = before;
    }
    if (first !== null && ++first.copies >= COPIES_MAX) return null;
    const crossing = this.idle.pop() ?? new Crossing();
    crossing.owner = owner;
    crossing.previous = previous;
    crossing.copies = 0;
    this.underWay.set(crossing.frame.message, crossing);
    return crossing;
  }

  leave(crossing: Crossing): void {
    this.underWay.delete(crossing.frame.message);
    crossing.owner = null;
    crossing.previous = null;
    crossing.info = null;
    crossing.traceTo = '';
    crossing.frame.clear();
    this.idle.push(crossing);
  }
}
