import type { Clock } from './ports.ts';

/** How one end of a memory pair reaches the other, and in what portions it reads. */
export interface MemoryLine {
  /** Takes `arrive` to the other end: runs it later, never at once, in the order of the calls. */
  carry(arrive: () => void): void;
  /** Something this end does by itself: later, never at once, in the order of the calls. */
  soon(run: () => void): void;
  /** Of `available` unread bytes, how many the next read gets: at least 1. */
  cut(available: number): number;
  /** Whether bytes are overwritten as soon as the reader returns, to find readers that keep what they borrowed. */
  readonly spoilsReads: boolean;
}

/** A line that delivers once per turn. */
export function promptLine(clock: Pick<Clock, 'soon'>): MemoryLine {
  let waiting: (() => void)[] = [];
  const deliver = () => {
    const batch = waiting;
    waiting = [];
    let done = 0;
    try {
      for (const arrive of batch) {
        done++;
        arrive();
      }
    } finally {
      // A reader that throws must not swallow what others, or the next read, would get.
      if (done < batch.length) {
        waiting = batch.slice(done).concat(waiting);
        clock.soon(deliver);
      }
    }
  };
  const carry = (arrive: () => void) => {
    waiting.push(arrive);
    if (waiting.length === 1) clock.soon(deliver);
  };
  return { carry, soon: (run) => clock.soon(run), cut: (available) => available, spoilsReads: false };
}
