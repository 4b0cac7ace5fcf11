/** Changes of a store by chance, and what they make of what it holds. */
import type { FastRandom } from '../../../kernel/ports/fast-random.ts';
import type { RecordStore } from '../../../storage-drivers/contract.ts';
import type { Moment } from './store-moment.ts';

export interface Change {
  readonly isAppend: boolean;
  readonly isErasure?: boolean;
  write(store: RecordStore): number;
  apply(before: Moment): Moment;
}

export class Changes {
  private readonly random: FastRandom;
  /** Much is removed, here and there. */
  private readonly isSparse: boolean;

  constructor(random: FastRandom, isSparse: boolean) {
    this.random = random;
    this.isSparse = isSparse;
  }

  of(id: string, now: Moment): Change {
    const { random } = this;
    const what = random.below(20);
    if (what < 13 && !(this.isSparse && what < 4)) return this.appendTo(now);
    if (what < 4) return this.removalOf(id, now, 15 + random.below(3));
    if (what < 15) return this.cellOf();
    return this.removalOf(id, now, what);
  }

  appendTo(moment: Moment): Change {
    const { random } = this;
    const seq = moment.last + 1 + (random.below(15) === 0 ? random.below(100) : 0);
    const length = random.below(25) === 0 ? 6000 : random.below(300);
    const body = `${seq} ${random.below(1e9)} ${random.below(1e9)} ${'m'.repeat(length)}`;
    const subject = `s.${seq % 7}`;
    return {
      isAppend: true,
      write: (store) => store.append(seq, 1_700_000_000 + seq, seq % 1000, seq & 0xffff, messageOf(subject, body)),
      apply: ({ records, cells }) => ({ records: new Map(records).set(seq, `${subject} ${body}`), cells, last: seq }),
    };
  }

  cellOf(): Change {
    const { random } = this;
    const name = `c${random.below(3)}`;
    const value = String(random.below(1e6));
    const kind = random.below(4);
    const bytes = Buffer.from(value);
    return {
      isAppend: false,
      write: ({ cells }) =>
        kind === 0 ? cells.delete(name) : kind === 1 ? cells.extend(name, bytes) : cells.put(name, bytes),
      apply: ({ records, cells, last }) => {
        const next = new Map(cells);
        if (kind === 0) next.delete(name);
        else next.set(name, kind === 1 ? (cells.get(name) ?? '') + value : value);
        return { records, cells: next, last };
      },
    };
  }

  private removalOf(id: string, moment: Moment, what: number): Change {
    const { random } = this;
    // A log gives sequences out again, and a stream erases.
    const isLog = id === 'log';
    const from = 1 + random.below(moment.last + 1);
    const to = from + random.below(what === 15 ? 1 : 40);
    const without = (is: (seq: number) => boolean, last: number) => (before: Moment) => ({
      records: new Map([...before.records].filter(([seq]) => !is(seq))),
      cells: before.cells,
      last,
    });
    if (isLog && what === 19 && random.below(3) === 0) {
      const cut = Math.max(0, moment.last - random.below(20));
      return { isAppend: false, write: (s) => s.cutAfter(cut), apply: without((seq) => seq > cut, cut) };
    }
    if (what === 18) {
      const last = Math.max(moment.last, from - 1);
      return { isAppend: false, write: (s) => s.dropBefore(from), apply: without((seq) => seq < from, last) };
    }
    if (!isLog && what === 17) {
      return {
        isAppend: false,
        isErasure: true,
        write: (s) => s.erase(from, from + (to % 3)),
        apply: without((seq) => seq >= from && seq <= from + (to % 3), moment.last),
      };
    }
    return {
      isAppend: false,
      write: (s) => s.remove(from, to),
      apply: without((seq) => seq >= from && seq <= to, moment.last),
    };
  }
}

function messageOf(subject: string, body: string) {
  const subjectBytes = Buffer.from(subject);
  const bytes = Buffer.from(body);
  return {
    subjectBytes,
    subjectStart: 0,
    subjectEnd: subjectBytes.length,
    bytes,
    headerStart: 0,
    bodyStart: 0,
    bodyEnd: bytes.length,
  };
}
