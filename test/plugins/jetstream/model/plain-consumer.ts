/**
 * A consumer as plain lists, written down from what a NATS server is said to do. What it sends is what its broker has to send, in
 * this order and with these numbers. Times are milliseconds.
 */
import type { PlainConsumerConfig, PullWish } from './plain-consumer-config.ts';
import { PlainPins, withPin } from './plain-pins.ts';
import { isMatch, type Kept, type PlainStream } from './plain-stream.ts';

interface Waiting extends PullWish {
  readonly sid: string;
  pin: number;
  readonly until: number;
  remaining: number;
  bytes: number;
  isServed: boolean;
}

interface Pending {
  readonly consumerSequence: number;
  deadline: number;
}

/** What goes out: the number of the subscription, and what is said. */
export interface Said {
  readonly sid: string;
  readonly text: string;
  /** Where it is acknowledged; empty for a status. */
  readonly place: string;
  readonly seq: number;
}

const NANOS_PER_MS = 1e6;

export class PlainConsumer {
  config: PlainConsumerConfig;
  readonly stream: PlainStream;
  /** The next to look at, and the next number of its own. */
  next: number;
  ownNext = 1;
  /** The number of its own that was delivered last, as it is told. */
  toldOwn = 0;
  floor: number;
  ownFloor = 0;
  readonly pending = new Map<number, Pending>();
  readonly redelivered = new Map<number, number>();
  again: number[] = [];
  waiting: Waiting[] = [];
  readonly pins = new PlainPins();
  /** Somebody listens, under this number. */
  boundTo = '';
  readonly said: Said[] = [];
  /** The last of each subject, for those who begin with these. */
  private starters: number[] = [];
  private liveFrom = 0;

  constructor(config: PlainConsumerConfig, stream: PlainStream) {
    this.config = config;
    this.stream = stream;
    this.next = this.begin();
    this.floor = this.next - 1;
  }

  private begin(): number {
    const { stream, config } = this;
    const first = Math.max(1, stream.first);
    const found = stream.kept.filter((one) => this.wants(one.subject));
    switch (config.deliver_policy) {
      case 'all':
        return first;
      case 'new':
        return stream.last + 1;
      case 'last':
        // Without filters it is the place that counts, be there a message or not.
        return Math.max(first, config.filter_subjects.length === 0 ? stream.last : (found.at(-1)?.seq ?? first));
      case 'by_start_sequence':
        return Math.max(first, config.opt_start_seq!);
      case 'by_start_time': {
        const since = Date.parse(config.opt_start_time!);
        return stream.kept.find(({ time }) => time >= since)?.seq ?? stream.last + 1;
      }
      case 'last_per_subject': {
        const last = new Map(found.map(({ subject, seq }) => [subject, seq]));
        this.starters = [...last.values()].sort((left, right) => left - right);
        this.liveFrom = stream.last + 1;
        return this.starters[0] ?? Math.max(stream.last, 1);
      }
    }
  }

  wants(subject: string): boolean {
    const { filter_subjects: filters } = this.config;
    return filters.length === 0 || filters.some((filter) => isMatch(filter, subject));
  }

  private get tracks(): boolean {
    return this.config.ack_policy !== 'none';
  }

  private get isBlocked(): boolean {
    const { max_ack_pending: most } = this.config;
    return this.tracks && most > 0 && this.pending.size >= most;
  }

  /** Messages that were never sent, and are to be. */
  left(): Kept[] {
    const wanted = this.stream.kept.filter(({ subject }) => this.wants(subject));
    if (this.starters.length === 0) return wanted.filter(({ seq }) => seq >= this.next);
    return wanted.filter(({ seq }) => seq >= this.liveFrom || this.starters.includes(seq));
  }

  get pendingCount(): number {
    return this.left().length;
  }

  // --- What it sends ---

  /** Sends all that can be sent now. */
  run(now: number): void {
    while (this.sendOne(now));
  }

  private sendOne(now: number): boolean {
    const isPush = this.config.deliver_subject !== undefined;
    if (isPush ? this.boundTo === '' : this.waiting.length === 0) return false;
    const one = this.pick();
    if (one === null) {
      this.drained();
      return false;
    }
    if (isPush) {
      this.send(this.boundTo, one, now);
      return true;
    }
    const request = this.requestFor(this.sizeOf(one), now);
    if (request === null) {
      this.keptBack(one.seq);
      return false;
    }
    this.send(request.sid, one, now, request.pin);
    this.served(request, this.lastSize);
    return true;
  }

  /** What lies before it is not for this one. */
  private keptBack(seq: number): void {
    if (!this.pending.has(seq) && this.starters.length === 0) this.next = Math.max(this.next, seq);
  }

  private pick(): Kept | null {
    const { kept } = this.stream;
    for (const seq of [...this.again]) {
      const one = kept.find((known) => known.seq === seq);
      if (one !== undefined && this.pending.has(seq) && !this.isExhausted(seq)) return one;
      this.again = this.again.filter((known) => known !== seq);
      if (one !== undefined && this.pending.has(seq)) this.exhaust(seq);
    }
    if (this.isBlocked) return null;
    return this.starters.length > 0 ? this.pickStarter() : this.pickNew();
  }

  /** What was looked at in vain is not looked at again, whatever the filters say later. */
  private pickNew(): Kept | null {
    const one = this.left()[0] ?? null;
    if (one === null) this.next = Math.max(this.next, this.stream.last + 1);
    return one;
  }

  /** One that something newer of its subject took the place of is passed over. */
  private pickStarter(): Kept | null {
    while (this.starters.length > 0) {
      const one = this.stream.kept.find(({ seq }) => seq === this.starters[0]);
      if (one !== undefined && this.stream.of(one.subject).at(-1) === one) return one;
      this.starters.shift();
    }
    this.next = Math.max(this.next, this.liveFrom);
    return this.pickNew();
  }

  private lastSize = 0;

  /** As it counts for a request: with the subject for its acknowledgement. */
  private sizeOf(one: Kept): number {
    const known = this.pending.has(one.seq);
    const deliveries = (this.redelivered.get(one.seq) ?? 0) + (known ? 2 : 1);
    const left = this.pendingCount - (known ? 0 : 1);
    const place = `$JS.ACK.S.${this.config.name}.${deliveries}.${one.seq}.${this.ownNext}.${one.time}000000.${left}`;
    this.lastSize = one.subject.length + shownOf(one, this.config.headers_only).length + place.length;
    return this.lastSize;
  }

  private requestFor(size: number, now: number): Waiting | null {
    for (const request of [...this.waiting]) {
      if (this.hasPins && this.pins.isStale(request.pin)) this.end(request, '423 Nats-Wrong-Pin-Id');
      else if (!this.isEligible(request)) continue;
      else if (request.maxBytes === 0 || size <= request.bytes) return this.pinned(request, now);
      else this.end(request, '409 Message Size Exceeds MaxBytes');
    }
    return null;
  }

  private pinned(request: Waiting, now: number): Waiting {
    if (this.hasPins) request.pin = this.pins.give(request.pin, now, this.config.priority_timeout!);
    return request;
  }

  private get hasPins(): boolean {
    return this.config.priority_policy === 'pinned_client';
  }

  private isEligible({ minPending, minAckPending, pin }: PullWish): boolean {
    if (this.hasPins) return this.pins.admits(pin);
    if (minPending === 0 && minAckPending === 0) return true;
    return (
      (minPending > 0 && this.pendingCount >= minPending) || (minAckPending > 0 && this.pending.size >= minAckPending)
    );
  }

  private send(sid: string, one: Kept, now: number, pin = 0): void {
    const { seq } = one;
    const known = this.pending.get(seq);
    // After a reset, deliveries from before it may be acknowledged: what was settled with them does not count as delivered.
    if (this.ownNext > this.ownFloor) this.toldOwn = this.ownNext;
    if (known === undefined) this.sendFirst(seq, now);
    else {
      this.again = this.again.filter((other) => other !== seq);
      this.redelivered.set(seq, (this.redelivered.get(seq) ?? 0) + 1);
      known.deadline = now + this.waitFor(seq);
    }
    const numbers = [(this.redelivered.get(seq) ?? 0) + 1, seq, this.ownNext++, `${one.time}000000`, this.pendingCount];
    const place = `$JS.ACK.S.${this.config.name}.${numbers.join('.')}`;
    const shown = shownOf(one, this.config.headers_only);
    this.said.push({
      sid,
      text: `${one.subject} ${this.hasPins ? withPin(shown, one.header, pin) : shown}`,
      place,
      seq,
    });
    if (!this.tracks) this.stream.onlookers.settled?.(seq);
  }

  private sendFirst(seq: number, now: number): void {
    if (this.starters[0] === seq) this.starters.shift();
    if (this.starters.length === 0 && seq < this.liveFrom) this.next = Math.max(seq + 1, this.liveFrom);
    else this.next = Math.max(this.next, seq + 1);
    if (this.tracks) this.pending.set(seq, { consumerSequence: this.ownNext, deadline: now + this.waitFor(seq) });
    else {
      this.floor = seq;
      this.ownFloor = this.ownNext;
    }
  }

  private waitFor(seq: number): number {
    const { backoff, ack_wait: wait } = this.config;
    const steps = this.redelivered.get(seq) ?? 0;
    return (backoff.length === 0 ? wait : backoff[Math.min(steps, backoff.length - 1)]!) / NANOS_PER_MS;
  }

  private isExhausted(seq: number): boolean {
    const { max_deliver: most } = this.config;
    return most > 0 && (this.redelivered.get(seq) ?? 0) + 1 >= most;
  }

  private exhaust(seq: number): void {
    this.pending.delete(seq);
    this.again = this.again.filter((known) => known !== seq);
    this.redelivered.set(seq, this.redelivered.get(seq) ?? 0);
  }

  // --- Requests ---

  private refusalOf(wish: PullWish, now: number): string {
    const mismatch = this.pins.refusalOf(wish.pin, now, this.config.priority_timeout ?? 0);
    if (mismatch !== '') return mismatch;
    if (wish.noWait) {
      const available = this.pendingCount + this.again.length;
      const asked = this.waiting.reduce((sum, { remaining }) => sum + remaining, 0);
      if (available === 0 && wish.expires === 0) return '404 No Messages';
      if (available > 0 && available < asked) return '408 Requests Pending';
    }
    return this.waiting.length >= (this.config.max_waiting ?? 512) ? '409 Exceeded MaxWaiting' : '';
  }

  ask(sid: string, wish: PullWish, now: number): void {
    const refusal = this.refusalOf(wish, now);
    if (refusal !== '') {
      this.status(sid, refusal);
      return;
    }
    const until = wish.expires > 0 ? now + wish.expires : Number.POSITIVE_INFINITY;
    this.queue({ ...wish, sid, until, remaining: Math.max(1, wish.batch), bytes: wish.maxBytes, isServed: false });
    this.run(now);
  }

  private queue(request: Waiting): void {
    const isSorted = this.config.priority_policy === 'prioritized';
    const behind = isSorted ? this.waiting.findIndex(({ priority }) => priority > request.priority) : -1;
    if (behind < 0) this.waiting.push(request);
    else this.waiting.splice(behind, 0, request);
  }

  private served(request: Waiting, size: number): void {
    this.waiting = this.waiting.filter((one) => one !== request);
    request.isServed = true;
    request.remaining--;
    request.bytes -= size;
    const isSpent = request.maxBytes > 0 && request.bytes <= 0;
    if (request.remaining > 0 && !isSpent) this.queue(request);
    else if (request.remaining === 0 && request.maxBytes > 0 && request.bytes > 0) {
      this.status(request.sid, `409 Batch Completed 0 ${request.bytes}`);
    }
  }

  private drained(): void {
    if (this.isBlocked) return;
    for (const request of [...this.waiting]) {
      if (!request.noWait || (request.expires > 0 && !request.isServed)) continue;
      this.waiting = this.waiting.filter((one) => one !== request);
      this.status(request.sid, '404 No Messages');
    }
  }

  private end(request: Waiting, status: string): void {
    this.waiting = this.waiting.filter((one) => one !== request);
    this.status(request.sid, `${status} ${request.remaining} ${request.maxBytes > 0 ? request.bytes : 0}`);
  }

  private status(sid: string, text: string): void {
    this.said.push({ sid, text, place: '', seq: 0 });
  }

  // --- What is said to it ---

  /** Whether there is an answer, if one is asked for. */
  ack(seq: number, own: number): boolean {
    if (seq >= this.next && !this.pending.has(seq)) return false;
    if (this.config.ack_policy === 'all') this.ackUpTo(seq, own);
    else {
      const isKnown = this.pending.has(seq) || this.redelivered.has(seq);
      this.settle(seq, own);
      if (isKnown) this.stream.onlookers.settled?.(seq);
    }
    return true;
  }

  private ackUpTo(seq: number, own: number): void {
    if (seq <= this.floor || own <= this.ownFloor) return;
    const done = [...this.pending.keys()].filter((known) => known <= seq);
    for (const known of done) this.forget(known);
    this.floor = seq;
    this.ownFloor = own;
    for (const known of done) this.stream.onlookers.settled?.(known);
  }

  private forget(seq: number): void {
    this.pending.delete(seq);
    this.redelivered.delete(seq);
    this.again = this.again.filter((known) => known !== seq);
  }

  /** The number of the first delivery counts where it is known. */
  private settle(seq: number, given: number): void {
    const own = this.pending.get(seq)?.consumerSequence ?? given;
    this.forget(seq);
    if (this.pending.size === 0) {
      this.floor = this.next - 1;
      this.ownFloor = this.ownNext - 1;
    } else if (own === this.ownFloor + 1) {
      const behind = [...this.pending].find(([other]) => other > seq);
      this.floor = behind === undefined ? seq : behind[0] - 1;
      this.ownFloor = behind === undefined ? own : behind[1].consumerSequence - 1;
    }
  }

  nak(seq: number, own: number, now: number, delay: number): void {
    const known = this.pending.get(seq);
    if (known === undefined || own <= this.ownFloor || own > this.ownNext) return;
    this.again = delay > 0 ? this.again.filter((other) => other !== seq) : this.again;
    if (delay > 0) known.deadline = now + delay;
    else if (!this.again.includes(seq)) this.again.push(seq);
  }

  progress(seq: number, now: number): void {
    const known = this.pending.get(seq);
    if (known !== undefined) known.deadline = now + this.waitFor(seq);
  }

  // --- What happens ---

  tick(now: number): void {
    const overdue = [...this.pending].filter(([seq, { deadline }]) => deadline <= now && !this.again.includes(seq));
    for (const [seq] of overdue.sort(([left], [right]) => left - right)) {
      if (this.isExhausted(seq)) this.exhaust(seq);
      else this.again.push(seq);
    }
    this.pins.expire(now);
    for (const request of [...this.waiting]) if (request.until <= now) this.end(request, '408 Request Timeout');
    this.run(now);
  }

  /** What waited for it waits no more, as if it were acknowledged. */
  removed({ seq }: Kept): void {
    const known = this.pending.get(seq);
    if (known !== undefined) this.ack(seq, known.consumerSequence);
    else this.redelivered.delete(seq);
  }

  waitsForWhatIsGone(): boolean {
    return [...this.pending.keys()].some((seq) => this.isGone(seq));
  }

  private isGone(seq: number): boolean {
    return !this.stream.kept.some((one) => one.seq === seq);
  }

  /** Messages of these subjects went: whoever reads nothing else goes on behind them, all others behind what is gone for everybody. */
  purged(filter: string, isHeldGone: boolean): void {
    const { stream, config } = this;
    const { filter_subjects: own } = config;
    for (const seq of this.redelivered.keys())
      if (!this.pending.has(seq) && this.isGone(seq)) this.redelivered.delete(seq);
    const isCovered = filter === '' || (own.length > 0 && own.every((one) => isMatch(filter, one)));
    const isTouched = isCovered || own.length === 0 || own.some((one) => isMatch(one, filter) || isMatch(filter, one));
    if (!isTouched && !(isHeldGone && this.pending.size > 0)) return;
    const start = isCovered ? (stream.of(filter)[0]?.seq ?? stream.last + 1) : stream.first;
    this.next = Math.max(this.next, start);
    if (this.floor < start || (!isCovered && isHeldGone)) this.settleBelow(start, isCovered);
    if (this.pending.size > 0) return;
    this.redelivered.clear();
    this.again = [];
    this.floor = this.next - 1;
    this.ownFloor = this.ownNext - 1;
  }

  private settleBelow(start: number, isCovered: boolean): void {
    this.floor = Math.max(this.floor, start - 1);
    for (const [seq, { consumerSequence }] of [...this.pending]) {
      if (seq >= start && (isCovered || !this.isGone(seq))) continue;
      this.ownFloor = Math.max(this.ownFloor, consumerSequence);
      this.forget(seq);
    }
  }

  /** Whether a message may not go on its account. */
  needs({ seq, subject }: Kept): boolean {
    if (!this.wants(subject)) return false;
    if (this.redelivered.has(seq)) return true;
    if (seq <= this.floor) return false;
    return this.config.ack_policy === 'explicit' ? seq >= this.next || this.pending.has(seq) : true;
  }

  update(config: PlainConsumerConfig): void {
    this.config = config;
  }

  reset(seq: number): void {
    for (const known of [...this.pending.keys(), ...this.redelivered.keys()]) this.forget(known);
    this.again = [];
    this.starters = [];
    this.liveFrom = 0;
    this.next = seq;
    this.ownNext = 1;
    this.floor = seq - 1;
    this.toldOwn = 0;
    this.ownFloor = 0;
  }

  /** What is not written down is gone. */
  restart(): void {
    for (const seq of this.redelivered.keys()) {
      if (!this.stream.kept.some((one) => one.seq === seq)) this.redelivered.delete(seq);
    }
    this.again = [];
    this.waiting = [];
    this.starters = [];
    this.liveFrom = 0;
    this.toldOwn = this.ownNext - 1;
    this.boundTo = '';
    this.pins.end();
  }

  info(): object {
    const { pending, redelivered, waiting, config } = this;
    return {
      delivered: this.toldOwn,
      ackPending: pending.size,
      redelivered: config.max_deliver === 1 ? 0 : redelivered.size,
      waiting: waiting.length,
      pending: this.pendingCount,
    };
  }
}

function shownOf({ header, body }: Kept, isHeaderOnly: boolean): string {
  if (!isHeaderOnly) return `${header}${body}`;
  const head = header === '' ? 'NATS/1.0\r\n' : header.slice(0, -2);
  return `${head}Nats-Msg-Size: ${body.length}\r\n\r\n`;
}
