/** A stream as a list of messages, slow and plain: what the machine has to become by the same commands. */

export interface NaiveLimits {
  readonly maxMsgs: number;
  readonly maxBytes: number;
  readonly perSubject: number;
  readonly maxAge: number;
  readonly window: number;
  readonly discardsNew: boolean;
  readonly newPerSubject: boolean;
}

interface Kept {
  readonly seq: number;
  readonly time: number;
  readonly subject: string;
  readonly content: string;
  readonly size: number;
  /** When it goes whatever the stream's age says; Infinity for never. */
  readonly due: number;
}

export type Headers = Readonly<Record<string, string>>;

const OVERHEAD = 16;
const MISMATCH = 10071;
const FULL = 10077;

export class NaiveStream {
  limits: NaiveLimits;
  private all: Kept[] = [];
  private last = 0;
  private first = 1;
  private lastId = '';
  private readonly ids = new Map<string, { readonly seq: number; readonly time: number }>();

  constructor(limits: NaiveLimits) {
    this.limits = limits;
  }

  /** A sequence, a sequence in brackets for what is known already, or the number of an error. */
  publish(time: number, subject: string, body: string, headers: Headers): string {
    const problem = this.mismatch(subject, headers);
    if (problem) return `error ${MISMATCH}`;
    const id = headers['Nats-Msg-Id'] ?? '';
    const known = this.ids.get(id);
    if (id !== '' && known !== undefined) return `(${known.seq})`;
    const expectedId = headers['Nats-Expected-Last-Msg-Id'];
    if (expectedId !== undefined && expectedId !== this.lastId) return 'error 10070';
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}|`);
    const content = lines.length === 0 ? body : `NATS/1.0|${lines.join('')}|${body}`;
    const headerBytes = lines.length === 0 ? 0 : content.length - body.length + lines.length + 2;
    const size = subject.length + headerBytes + body.length + OVERHEAD;
    const rollup = headers['Nats-Rollup'] ?? '';
    if (this.limits.discardsNew && this.isFull(subject, size, rollup !== '')) return `error ${FULL}`;
    const ttl = headers['Nats-TTL'];
    const due = ttl === undefined ? Number.POSITIVE_INFINITY : time + Number.parseInt(ttl, 10);
    this.all.push({ seq: ++this.last, time, subject, content, size, due });
    this.trim(subject);
    this.lastId = id;
    if (id !== '') this.ids.set(id, { seq: this.last, time });
    const { last } = this;
    if (rollup !== '') this.drop((one) => one.seq < last && (rollup === 'all' || one.subject === subject));
    return `${last}`;
  }

  private mismatch(subject: string, headers: Headers): boolean {
    const expected = headers['Nats-Expected-Last-Sequence'];
    if (expected !== undefined && Number(expected) !== this.last) return true;
    const ofSubject = headers['Nats-Expected-Last-Subject-Sequence'];
    if (ofSubject === undefined) return false;
    return Number(ofSubject) !== (this.of(subject).at(-1)?.seq ?? 0);
  }

  private isFull(subject: string, size: number, isRollup: boolean): boolean {
    const { maxMsgs, maxBytes, perSubject, newPerSubject } = this.limits;
    const own = this.of(subject);
    const isSubjectFull = own.length > 0 && own.length >= perSubject;
    if (isSubjectFull && newPerSubject && !isRollup) return true;
    if (this.all.length >= maxMsgs && !isSubjectFull) return true;
    return this.bytes + size > maxBytes && !(isSubjectFull && own[0]!.size >= size);
  }

  private of(subject: string): Kept[] {
    return this.all.filter((one) => one.subject === subject);
  }

  private get bytes(): number {
    return this.all.reduce((sum, { size }) => sum + size, 0);
  }

  private trim(subject: string): void {
    const { maxMsgs, maxBytes, perSubject } = this.limits;
    while (this.of(subject).length > perSubject) this.remove(this.of(subject)[0]!.seq);
    while (this.all.length > maxMsgs || this.bytes > maxBytes) this.remove(this.all[0]!.seq);
  }

  remove(seq: number): void {
    this.drop((one) => one.seq === seq);
  }

  private drop(isGone: (one: Kept) => boolean): number {
    const before = this.all.length;
    this.all = this.all.filter((one) => !isGone(one));
    return before - this.all.length;
  }

  purge(before: number, subject: string, keep: number): number {
    const found = this.all.filter((one) => subject === '' || one.subject === subject);
    const gone = found.slice(0, keep === 0 ? found.length : Math.max(0, found.length - keep));
    const removed = this.drop((one) => gone.includes(one) && (before === 0 || one.seq < before));
    if (subject === '' && before > this.last) {
      this.last = before - 1;
      this.first = before;
    }
    return removed;
  }

  expire(now: number): void {
    const { maxAge, window } = this.limits;
    for (const [id, { time }] of this.ids) if (time + window <= now) this.ids.delete(id);
    this.drop((one) => one.due <= now || (maxAge > 0 && one.time + maxAge <= now));
  }

  update(limits: NaiveLimits): void {
    this.limits = limits;
    for (const subject of new Set(this.all.map((one) => one.subject))) {
      while (this.of(subject).length > limits.perSubject) this.remove(this.of(subject)[0]!.seq);
    }
    while (this.all.length > limits.maxMsgs || this.bytes > limits.maxBytes) this.remove(this.all[0]!.seq);
  }

  dump(): string[] {
    const first = this.all[0]?.seq ?? Math.max(this.first, this.last + 1);
    const head = `${first}-${this.last} ${this.all.length} ${this.bytes}`;
    return [head, ...this.all.map(({ seq, time, subject, content }) => `${seq} ${time} ${subject} ${content}`)];
  }
}
