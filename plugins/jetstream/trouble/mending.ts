/**
 * A store that failed takes nothing until it is opened again. Meanwhile the stream is read as it is, and publishers are told why
 * they can not publish; it is tried again and again, ever less often, until it succeeds.
 */

import { openStream } from '../account/recovery.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import type { Stream } from '../stream/stream.ts';
import { titleOf } from './damage-watch.ts';
import { plural } from './range-text.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

export class Mending {
  private readonly of: StreamAccount;
  private readonly broken: Stream;
  private waitMs = FIRST_WAIT_MS;
  private tries = 0;
  private cancel: (() => void) | null = null;
  private isOver = false;
  private isTrying = false;

  constructor(of: StreamAccount, broken: Stream, cause: Error) {
    this.of = of;
    this.broken = broken;
    const { log } = of.of;
    of.of.books.failures++;
    log.error(`${titleOf(broken)} can not be written, and is opened again when it can: ${cause.message}`);
    this.later();
  }

  stop(): void {
    this.isOver = true;
    this.cancel?.();
  }

  /** The disk is well again: there is nothing to wait for. */
  now(): void {
    if (this.isOver || this.isTrying) return;
    this.cancel?.();
    this.waitMs = FIRST_WAIT_MS;
    this.cancel = this.of.of.after(0, () => void this.attempt());
  }

  private later(): void {
    if (this.isOver) return;
    this.cancel = this.of.of.after(this.waitMs, () => void this.attempt());
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }

  private async attempt(): Promise<void> {
    this.isTrying = true;
    await this.reopen();
    this.isTrying = false;
  }

  /** Nothing is opened while the driver itself says that it can not write. */
  private async reopen(): Promise<void> {
    this.tries++;
    const { broken } = this;
    const driver = this.of.of.driver(broken.config.storage);
    if (driver === null || driver.trouble != null) {
      this.later();
      return;
    }
    try {
      await broken.log.records.store.close();
      const opened = await openStream(this.of, broken.config.storage, driver, broken.log.records.store.id);
      const isWritable = await canBeWritten(opened.stream);
      if (!isWritable || this.isOver) {
        opened.stream.log.release();
        await opened.stream.log.records.store.close();
        this.later();
        return;
      }
      this.replace(opened.stream);
    } catch (error) {
      const { log } = this.of.of;
      if (this.tries === 1) log.warn(`${titleOf(broken)} could not be opened again yet: ${(error as Error).message}`);
      this.later();
    }
  }

  /** In one go: nobody sees that there was another. */
  private replace(fresh: Stream): void {
    const { broken, of } = this;
    const lost = broken.log.last - fresh.log.last;
    this.isOver = true;
    handOver(broken, fresh);
    of.streams.set(fresh.name, fresh);
    of.mended(broken);
    of.of.books.reopened++;
    const rest =
      lost > 0
        ? `; ${plural(lost, 'message')} at its end, not acknowledged, ${lost === 1 ? 'is' : 'are'} not there`
        : '';
    of.of.log.info(`${titleOf(fresh)} can be written again${rest}`);
  }
}

/** Whether a stream can be written to, and what was written becomes durable. */
async function canBeWritten(stream: Stream): Promise<boolean> {
  if (!stream.keep()) return false;
  return stream.settledDown().then(
    () => true,
    () => false,
  );
}

/** Consumers go on where they stand, not where they were last written down. */
function handOver(from: Stream, to: Stream): void {
  const consumers = from.consumers.kept();
  from.log.release();
  from.close();
  for (const consumer of consumers) to.adopt(consumer);
  to.wasTouched = from.wasTouched;
  to.open();
  to.consumers.writeAll();
}
