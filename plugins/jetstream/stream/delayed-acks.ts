/** Acknowledgements that wait until what they say is durable. */
import { type AckPage, type AckPages, REPLY_ON_PAGE_MAX } from './ack-page.ts';

/** Sends the usual acknowledgement of a sequence to a reply subject. */
export type SendAck = (sequence: number, reply: Buffer, start: number, end: number) => void;

const NOTHING = new Uint8Array(0);

export class DelayedAcks {
  size = 0;
  private readonly pages: AckPages;
  private readonly sendAck: SendAck;
  private first: AckPage | null = null;
  private last: AckPage | null = null;
  /** What is to be done for entries without a reply subject, in their order. */
  private others: (() => void)[] = [];

  constructor(pages: AckPages, sendAck: SendAck) {
    this.pages = pages;
    this.sendAck = sendAck;
  }

  /** Something that is said in another way. */
  add(ticket: number, send: () => void): void {
    this.others.push(send);
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

  /** What was lost is not acknowledged: publishers will try again. */
  drop(): void {
    while (this.first !== null) this.leave(this.first);
    this.others = [];
    this.size = 0;
  }

  private send(page: AckPage, entry: number): void {
    this.size--;
    const start = page.starts[entry]!;
    const end = page.ends[entry]!;
    if (end > start) this.sendAck(page.sequences[entry]!, page.bytes, start, end);
    else this.others.shift()?.();
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
