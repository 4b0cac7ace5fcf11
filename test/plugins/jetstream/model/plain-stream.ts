/**
 * A stream as a list of messages, slow and plain, written down from what a NATS server is said to do: what the broker has to show
 * after the same commands. Times are milliseconds, and all of them whole seconds.
 */
import type { PlainConfig } from './plain-config.ts';

export interface Kept {
  readonly seq: number;
  readonly time: number;
  readonly subject: string;
  readonly header: string;
  readonly body: string;
  readonly size: number;
  /** When its own time is up; Infinity for never. */
  readonly due: number;
  readonly isEternal: boolean;
}

export type Fields = readonly (readonly [name: string, value: string])[];

export interface Published {
  readonly subject: string;
  readonly body: string;
  readonly fields: Fields;
}

export type Outcome =
  | { readonly kind: 'stored' | 'duplicate' | 'unwanted'; readonly seq: number; readonly value?: string }
  | { readonly kind: 'refused'; readonly error: number };

export const headerOf = (fields: Fields): string =>
  fields.length === 0 ? '' : `NATS/1.0\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

export const fieldValue = (fields: Fields, name: string): string | undefined =>
  fields.find(([known]) => known === name)?.[1];

export const refused = (error: number): Outcome => ({ kind: 'refused', error });

/** Tokens, `*` and a last `>`. */
export function isMatch(pattern: string, subject: string): boolean {
  const [wanted, found] = [pattern.split('.'), subject.split('.')];
  if (wanted.at(-1) === '>') return found.length >= wanted.length && wanted.slice(0, -1).every(fits);
  return wanted.length === found.length && wanted.every(fits);
  function fits(token: string, at: number): boolean {
    return token === '*' || token === found[at];
  }
}

/** Who hears of removals, and who says whether a message is wanted. */
export interface Onlookers {
  wants(subject: string): boolean;
  removed(one: Kept): void;
  /** Many went at once, of these subjects; all where it is empty. Nobody heard of each. */
  purged?(filter: string): void;
  /** Somebody is done with a message. */
  settled?(seq: number): void;
}

const NOBODY: Onlookers = { wants: () => false, removed: () => {} };

export class PlainStream {
  config: PlainConfig;
  kept: Kept[] = [];
  last: number;
  lastTime = 0;
  /** Of the newest message that was kept, be it there or not. */
  lastStored = 0;
  lastId = '';
  wasTouched = false;
  /** What was due before only came to be so now, by another configuration. */
  lateSince = 0;
  readonly ids = new Map<string, { readonly seq: number; readonly time: number }>();
  onlookers: Onlookers = NOBODY;

  constructor(config: PlainConfig) {
    this.config = config;
    this.last = Math.max(0, config.first_seq - 1);
    this.wasTouched = config.first_seq > 0;
  }

  get first(): number {
    return this.kept[0]?.seq ?? this.last + 1;
  }

  get bytes(): number {
    return this.kept.reduce((sum, { size }) => sum + size, 0);
  }

  of(pattern: string): Kept[] {
    return pattern === '' ? this.kept : this.kept.filter(({ subject }) => isMatch(pattern, subject));
  }

  sizeOf(subject: string, header: string, body: string): number {
    const content = subject.length + header.length + body.length;
    if (this.config.storage === 'memory') return content + 16;
    return content + 22 + 8 + (header === '' ? 0 : 4);
  }

  /** Appends, whatever the limits say. */
  put(time: number, subject: string, fields: Fields, body: string): Kept {
    const header = headerOf(fields);
    const ttl = this.config.allow_msg_ttl ? ttlOf(fieldValue(fields, 'Nats-TTL')) : 0;
    const due = ttl > 0 ? time + ttl * 1000 : Number.POSITIVE_INFINITY;
    const size = this.sizeOf(subject, header, body);
    const one = { seq: ++this.last, time, subject, header, body, size, due, isEternal: ttl < 0 };
    this.kept = [...this.kept, one];
    this.lastTime = time;
    this.lastStored = time;
    return one;
  }

  /** A sequence that is spent on nothing. */
  skip(time: number): number {
    this.lastTime = time;
    return ++this.last;
  }

  drop(isGone: (one: Kept) => boolean): number {
    const gone = this.kept.filter(isGone);
    if (!this.isPurging) for (const one of gone) this.onlookers.removed(one);
    this.kept = this.kept.filter((one) => !gone.includes(one));
    return gone.length;
  }

  private isPurging = false;

  /** One message alone, of one subject, goes as if it were deleted. */
  asPurge(filter: string, isGone: (one: Kept) => boolean): number {
    const isSingle = /^[^*>]+$/.test(filter) && this.kept.filter(isGone).length === 1;
    this.isPurging = !isSingle;
    const count = this.drop(isGone);
    this.isPurging = false;
    this.onlookers.purged?.(filter);
    return count;
  }

  /** Oldest first: of the subject, then of all. */
  trim(subject: string): void {
    this.trimSubject(subject);
    this.trimAll();
  }

  private trimSubject(subject: string): void {
    const { max_msgs_per_subject: perSubject } = this.config;
    for (let own = this.of(subject); perSubject > 0 && own.length > perSubject; own = this.of(subject)) {
      const { seq } = own[0]!;
      this.drop((one) => one.seq === seq);
    }
  }

  private trimAll(): void {
    const { max_msgs: most, max_bytes: mostBytes } = this.config;
    const isOver = (): boolean =>
      (most > 0 && this.kept.length > most) || (mostBytes > 0 && this.kept.length > 0 && this.bytes > mostBytes);
    while (isOver()) {
      const { first } = this;
      this.drop((one) => one.seq === first);
    }
  }

  remove(seq: number): boolean {
    return this.drop((one) => one.seq === seq) > 0;
  }

  purge({ seq = 0, filter = '', keep = 0 }: { seq?: number; filter?: string; keep?: number }): number {
    this.wasTouched = true;
    const found = this.of(filter).filter((one) => seq === 0 || one.seq < seq);
    const gone = new Set(found.slice(0, Math.max(0, found.length - keep)));
    const isBeyond = filter === '' && seq > this.last;
    if (isBeyond) this.last = seq - 1;
    return this.asPurge(filter, (one) => gone.has(one));
  }

  /** What is due by now goes; a subject's last message may leave a marker. */
  expire(now: number): void {
    const window = this.config.duplicate_window / 1e6;
    for (const [id, { time }] of this.ids) if (now - time >= window) this.ids.delete(id);
    for (let one = this.nextDue(now); one !== undefined; one = this.nextDue(now)) this.expireOne(one);
  }

  private dueOf(one: Kept): number {
    const age = this.config.max_age === 0 || one.isEternal ? Number.POSITIVE_INFINITY : this.config.max_age / 1e6;
    return Math.min(one.due, one.time + age);
  }

  private nextDue(now: number): Kept | undefined {
    const due = this.kept.filter((one) => this.dueOf(one) <= now);
    return due.sort((left, right) => this.dueOf(left) - this.dueOf(right) || left.seq - right.seq)[0];
  }

  private expireOne(gone: Kept): void {
    const marker = this.config.subject_delete_marker_ttl;
    const isLast = this.of(gone.subject).length === 1;
    const leavesNone = /Nats-Marker-Reason: |KV-Operation: PURGE/.test(gone.header);
    if (marker > 0 && isLast && !leavesNone) {
      const fields = [
        ['Nats-Marker-Reason', 'MaxAge'],
        ['Nats-TTL', `${marker / 1e9}s`],
        ['Nats-Rollup', 'sub'],
      ] as const;
      this.put(Math.max(this.dueOf(gone), this.lateSince), gone.subject, fields, '');
    }
    this.drop((one) => one.seq === gone.seq);
  }

  update(config: PlainConfig, now: number): void {
    this.config = config;
    this.lateSince = now;
    for (const subject of new Set(this.kept.map((one) => one.subject))) this.trimSubject(subject);
    this.trimAll();
    this.expire(now);
  }

  /** As `STREAM.INFO` tells it. */
  state(): object {
    const { kept, first, last } = this;
    const counts: Record<string, number> = {};
    for (const { subject } of kept) counts[subject] = (counts[subject] ?? 0) + 1;
    const known = new Set(kept.map(({ seq }) => seq));
    const deleted: number[] = [];
    for (let seq = first; kept.length > 0 && seq <= last; seq++) if (!known.has(seq)) deleted.push(seq);
    const isUntouched = last === 0 && !this.wasTouched;
    return {
      messages: kept.length,
      bytes: this.bytes,
      first: isUntouched ? 0 : first,
      firstTime: kept[0]?.time ?? 0,
      last,
      lastTime: this.lastTime,
      counts,
      deleted,
    };
  }
}

/** Seconds; -1 for never. */
export function ttlOf(text: string | undefined): number {
  if (text === undefined) return 0;
  return text === 'never' ? -1 : Number.parseInt(text, 10);
}
