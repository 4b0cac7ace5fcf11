/** Acknowledgements that wait until what they say is durable. */
import { type AckPage, type AckPages, REPLY_ON_PAGE_MAX } from './ack-page.ts';

/** Tells publishers: the bytes of the reply subject are borrowed. */
export interface AckSender {
  /** The usual acknowledgement of a sequence. */
  send(sequence: number, reply: Buffer, start: number, end: number): void;
  /** It will never be durable. */
  refuse(error: Error, reply: Buffer, start: number, end: number): void;
}

/** Something that is said in another way. */
interface Other {
  readonly send: () => void;
  /** Where it will never be. */
  readonly refuse: ((error: Error) => void) | null;
}

const NOTHING = new Uint8Array(0);

export class DelayedAcks {
  size = 0;
  private readonly pages: AckPages;
  private readonly sender: AckSender;
  private first: AckPage | null = null;
  private last: AckPage | null = null;
  /** What is to be done for entries without a reply subject, in their order. */
  private others: Other[] = [];

  constructor(pages: AckPages, sender: AckSender) {
    this.pages = pages;
    this.sender = sender;
  }

  add(ticket: number, send: () => void, refuse: ((error: Error) => void) | null = null): void {
    this.others.push({ send, refuse });
    this.pageFor(0).add(ticket, 0, NOTHING, 0, 0);
    this.size++;
  }

  /** False when the reply subject is too long to wait here. */
  addUsual(ticket: number, sequence: number, reply: Uint8Array, start: number, end: number): boolean {
    if (end - start > REPLY_ON_PAGE_MAX) return false;
    this.pageFor(end - start).add(ticket, sequence, reply, start, end);
    this.size++;
    return true;
  }

  /** Tickets grow: those that are done stand in front. */
  release(ticket: number): void {
    for (let page = this.first; page !== null; page = this.first) {
      while (page.head < page.count && page.tickets[page.head]! <= ticket) this.send(page, page.head++);
      if (page.head < page.count) return;
      // Whoever heard of it may have added more, or dropped everything.
      if (page === this.first) this.leave(page);
    }
  }

  /** What was written is lost: whoever waits is told so. What is added meanwhile is not of it. */
  fail(error: Error): void {
    const { others } = this;
    let page = this.first;
    this.first = null;
    this.last = null;
    this.others = [];
    this.size = 0;
    for (; page !== null; page = this.refuseAll(page, error, others));
  }

  /** Nobody is told anything: publishers will try again. */
  drop(): void {
    while (this.first !== null) this.leave(this.first);
    this.others = [];
    this.size = 0;
  }

  private send(page: AckPage, entry: number): void {
    this.size--;
    const start = page.starts[entry]!;
    const end = page.ends[entry]!;
    if (end > start) this.sender.send(page.sequences[entry]!, page.bytes, start, end);
    else this.others.shift()?.send();
  }

  /** Answers the page that comes after. */
  private refuseAll(page: AckPage, error: Error, others: Other[]): AckPage | null {
    for (; page.head < page.count; page.head++) {
      const start = page.starts[page.head]!;
      const end = page.ends[page.head]!;
      if (end > start) this.sender.refuse(error, page.bytes, start, end);
      else others.shift()?.refuse?.(error);
    }
    const { next } = page;
    this.pages.giveBack(page);
    return next;
  }

  private pageFor(replyLength: number): AckPage {
    if (this.last?.hasRoom(replyLength)) return this.last;
    const page = this.pages.take();
    if (this.last === null) this.first = page;
    else this.last.next = page;
    this.last = page;
    return page;
  }

  private leave(page: AckPage): void {
    this.first = page.next;
    if (this.first === null) this.last = null;
    this.pages.giveBack(page);
  }
}
