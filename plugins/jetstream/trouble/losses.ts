/** What a stream lost: its consumers wait for none of it, and whoever listens hears of it. */
import { textFromSubject } from '../../../kernel/plugin-api.ts';
import { messagesLost } from '../../../protocols/jetstream/advisories.ts';
import type { SequenceRange } from '../../../storage-drivers/contract.ts';
import type { Stream } from '../stream/stream.ts';
import { countOf, joined } from './range-text.ts';

export class Losses {
  private readonly stream: Stream;
  /** Found in this turn. */
  private fresh: SequenceRange[] = [];
  /** Nobody has listened so far. */
  private untold: SequenceRange[] = [];
  private untoldToSystem: SequenceRange[] = [];
  private isDue = false;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** Within reading, so that nothing is done at once. */
  note(from: number, to: number): void {
    this.fresh.push({ from, to });
    if (this.isDue) return;
    this.isDue = true;
    this.stream.of.clock.soon(() => this.take());
  }

  /** What was lost when the stream was opened. */
  known(ranges: readonly SequenceRange[]): void {
    if (ranges.length === 0) return;
    this.stream.of.books.lost += countOf(ranges);
    this.untold.push(...ranges);
    this.untoldToSystem.push(...ranges);
  }

  private take(): void {
    this.isDue = false;
    const ranges = joined(this.fresh);
    this.fresh = [];
    this.known(ranges);
    const { log, consumers } = this.stream;
    log.checkLost();
    for (const { from, to } of ranges) consumers.lost(from, to);
    this.announce();
  }

  /** Tells those who listen of what they have not been told. */
  announce(): void {
    const { of, account, name } = this.stream;
    const { system } = of.broker.accounts;
    const subject = `$JS.EVENT.ADVISORY.STREAM.MSGS_LOST.${name}`;
    const { bytes } = this.stream.log.lost;
    if (this.untold.length > 0) {
      const lost = { ranges: joined(this.untold), bytes };
      if (of.advise(account, (head) => messagesLost(head, name, '', lost), subject)) this.untold = [];
    }
    if (this.untoldToSystem.length > 0 && system !== null && system !== account) {
      const lost = { ranges: joined(this.untoldToSystem), bytes };
      const owner = textFromSubject(account.name);
      if (of.advise(system, (head) => messagesLost(head, name, owner, lost), subject)) this.untoldToSystem = [];
    }
  }
}
