/** Does the same to consumers of a broker and to plain ones, and tells what each of them makes of it. */
import { type ConsumerCommand, NAMES, type PurgeRequest } from './consumer-commands.ts';
import type { PlainConfig } from './plain-config.ts';
import { PlainConsumer, type Said } from './plain-consumer.ts';
import type { PlainConsumerConfig, PullWish } from './plain-consumer-config.ts';
import { publish } from './plain-publish.ts';
import { headerOf, type Kept, PlainStream } from './plain-stream.ts';
import type { Pair } from './stream-play.ts';
import type { StreamWorld } from './stream-world.ts';
import type { Heard } from './wire-client.ts';

const NANOS_PER_MS = 1e6;
const HALF_MS = 500;
const PATIENCE = 500;
const INBOX_SID = '1';

interface Reply {
  readonly error?: { readonly err_code: number };
  readonly seq?: number;
}

interface Info extends Reply {
  readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
  readonly num_waiting: number;
  readonly num_pending: number;
}

export class ConsumerPlay {
  readonly world: StreamWorld;
  readonly plain: PlainStream;
  readonly consumers = new Map<string, PlainConsumer>();
  private readonly isLasting: boolean;
  private hasRestarted = false;
  private sids = 10;
  private acks = 0;
  /** The pins of each consumer, in the order in which they were seen. */
  private readonly pins = new Map<string, string[]>();
  /** What each consumer delivered. */
  private readonly deliveries = new Map<string, Said[]>();

  constructor(world: StreamWorld, config: PlainConfig, isLasting: boolean) {
    this.world = world;
    this.plain = new PlainStream(config);
    this.isLasting = isLasting;
    this.plain.onlookers = {
      wants: (subject) => this.all.some((consumer) => consumer.wants(subject)),
      removed: (one) => {
        for (const consumer of this.all) consumer.removed(one);
      },
      purged: (filter) => {
        const isHeldGone = this.all.some((consumer) => consumer.waitsForWhatIsGone());
        for (const consumer of this.all) consumer.purged(filter, isHeldGone);
      },
      settled: (seq) => this.settled(seq),
    };
  }

  private get all(): PlainConsumer[] {
    return [...this.consumers.values()];
  }

  private settled(seq: number): void {
    const { plain } = this;
    const one = plain.kept.find((known) => known.seq === seq);
    if (one === undefined || plain.config.retention === 'limits') return;
    if (plain.config.retention === 'interest' && this.isNeeded(one)) return;
    plain.remove(seq);
  }

  private isNeeded(one: Kept): boolean {
    return this.all.some((consumer) => consumer.needs(one));
  }

  private releaseUnneeded(): void {
    if (this.plain.config.retention === 'interest') this.plain.drop((one) => !this.isNeeded(one));
  }

  async begin(): Promise<Pair> {
    const { error } = await this.world.api<Reply>('STREAM.CREATE.S', this.plain.config);
    return [String(error?.err_code), 'undefined'];
  }

  async play(command: ConsumerCommand): Promise<Pair[]> {
    const pair = await this.do(command);
    for (const consumer of this.all) consumer.run(this.world.now);
    return [pair, ...(await this.compared())];
  }

  private async do(command: ConsumerCommand): Promise<Pair> {
    switch (command.kind) {
      case 'publish':
        return this.publish(command.subject, command.body, command.rollup);
      case 'make':
        return this.make(command.config, command.agoSeconds);
      case 'change':
        return this.change(command.name, command.changes);
      case 'forget':
        return this.forget(command.name);
      case 'ask':
        return this.ask(command.name, command.wish);
      case 'unpin':
        return this.unpin(command.name);
      case 'listen':
      case 'leave':
        return this.listen(command.name, command.kind === 'listen');
      case 'ack':
        return this.ack(command.name, command.which, command.body);
      case 'reset':
        return this.reset(command.name, command.seq);
      case 'delete':
        return this.delete(command.seq);
      case 'purge':
        return this.purge(command.request);
      case 'pass':
        return this.pass(command.halves);
      case 'restart':
        return this.isLasting ? this.restart() : NOTHING;
    }
  }

  private async publish(subject: string, body: string, rollup: string): Promise<Pair> {
    const fields = rollup === '' ? [] : ([['Nats-Rollup', rollup]] as const);
    const expected = publish(this.plain, this.world.now, { subject, body, fields });
    const reply = await this.world.ask(subject, body, headerOf(fields));
    const { seq = 0, error } = JSON.parse(reply.body) as Reply;
    return [
      `${seq} ${error?.err_code}`,
      expected.kind === 'refused' ? `0 ${expected.error}` : `${expected.seq} undefined`,
    ];
  }

  private async make(drawn: PlainConsumerConfig, agoSeconds: number): Promise<Pair> {
    const { name } = drawn;
    if (this.consumers.has(name)) return NOTHING;
    const start = new Date(this.world.now - agoSeconds * 1_000).toISOString();
    const config = drawn.deliver_policy === 'by_start_time' ? { ...drawn, opt_start_time: start } : drawn;
    const { error } = await this.api<Reply>(`CONSUMER.CREATE.S.${name}`, { stream_name: 'S', config });
    this.consumers.set(name, new PlainConsumer(config, this.plain));
    this.deliveries.set(name, []);
    return [String(error?.err_code), 'undefined'];
  }

  private api<Answer>(subject: string, request: object | null = null): Promise<Answer> {
    return this.world.api<Answer>(subject, request);
  }

  private async change(name: string, changes: Partial<PlainConsumerConfig>): Promise<Pair> {
    const consumer = this.consumers.get(name);
    if (consumer === undefined) return NOTHING;
    const { config: before } = consumer;
    const isOut =
      (before.ack_policy === 'none' && changes.max_ack_pending !== undefined) ||
      (before.deliver_policy === 'last_per_subject' && changes.filter_subjects !== undefined);
    if (isOut) return NOTHING;
    // Everything up to here is looked at by the filters of before.
    await this.api(`CONSUMER.PAUSE.S.${name}`);
    await this.world.quiet();
    consumer.run(this.world.now);
    const config = { ...before, ...changes };
    const { error } = await this.api<Reply>(`CONSUMER.CREATE.S.${name}`, { stream_name: 'S', config });
    const isChanged = JSON.stringify({ ...before, ...changes }) !== JSON.stringify(before);
    consumer.update(config);
    if (isChanged) this.releaseUnneeded();
    return [String(error?.err_code), 'undefined'];
  }

  private async forget(name: string): Promise<Pair> {
    const consumer = this.consumers.get(name);
    if (consumer === undefined) return NOTHING;
    await this.api(`CONSUMER.DELETE.S.${name}`);
    for (const { sid } of consumer.waiting) this.lost.push({ sid, text: '409 Consumer Deleted', place: '', seq: 0 });
    if (consumer.boundTo !== '') this.world.client.say(`UNSUB ${consumer.boundTo}\r\n`);
    this.consumers.delete(name);
    this.pins.delete(name);
    this.deliveries.delete(name);
    this.releaseUnneeded();
    return NOTHING;
  }

  /** What is said by those who are gone. */
  private lost: Said[] = [];

  private async ask(name: string, wish: PullWish): Promise<Pair> {
    const consumer = this.consumers.get(name);
    if (consumer === undefined || consumer.config.deliver_subject !== undefined) return NOTHING;
    const policy = consumer.config.priority_policy;
    const sid = String(++this.sids);
    const asked: PullWish = {
      ...wish,
      ...(policy === 'overflow' ? {} : { minPending: 0, minAckPending: 0 }),
      priority: policy === 'prioritized' ? wish.priority : 0,
      // Of the pins that were seen, the newest are more likely.
      pin: policy === 'pinned_client' ? Math.max(0, wish.pin === 0 ? 0 : consumer.pins.count + 1 - wish.pin) : 0,
      maxBytes: policy === 'pinned_client' ? 0 : wish.maxBytes,
      // Whoever stands by waits, and hears that there is nothing when something happens next.
      noWait: policy === 'pinned_client' && wish.pin === 0 ? false : wish.noWait,
    };
    const request = {
      batch: asked.batch,
      expires: asked.expires * NANOS_PER_MS,
      no_wait: asked.noWait,
      max_bytes: asked.maxBytes,
      min_pending: asked.minPending,
      min_ack_pending: asked.minAckPending,
      priority: asked.priority,
      ...(policy === undefined ? {} : { group: 'g' }),
      ...(asked.pin === 0 ? {} : { id: this.pinsOf(name)[asked.pin - 1] }),
    };
    this.world.client.say(`SUB pull.${sid} ${sid}\r\n`);
    this.world.client.publish(`$JS.API.CONSUMER.MSG.NEXT.S.${name}`, `pull.${sid}`, JSON.stringify(request));
    consumer.ask(sid, asked, this.world.now);
    return NOTHING;
  }

  private async unpin(name: string): Promise<Pair> {
    const consumer = this.consumers.get(name);
    if (consumer === undefined) return NOTHING;
    const isPinned = consumer.config.priority_policy === 'pinned_client';
    const { error } = await this.api<Reply>(`CONSUMER.UNPIN.S.${name}`, { group: 'g' });
    if (isPinned) consumer.pins.end();
    const isKnown = consumer.config.priority_policy !== undefined;
    return [String(error?.err_code), isKnown ? 'undefined' : '10160'];
  }

  private async listen(name: string, isOn: boolean): Promise<Pair> {
    const consumer = this.consumers.get(name);
    const subject = consumer?.config.deliver_subject;
    if (consumer === undefined || subject === undefined || isOn === (consumer.boundTo !== '')) return NOTHING;
    if (isOn) {
      consumer.boundTo = String(++this.sids);
      this.world.client.say(`SUB ${subject} ${consumer.boundTo}\r\n`);
    } else {
      this.world.client.say(`UNSUB ${consumer.boundTo}\r\n`);
      consumer.boundTo = '';
    }
    return NOTHING;
  }

  private async ack(name: string, which: number, body: string): Promise<Pair> {
    const consumer = this.consumers.get(name);
    const known = this.deliveries.get(name) ?? [];
    if (consumer === undefined || known.length === 0 || consumer.config.ack_policy === 'none') return NOTHING;
    const { place, seq } = known[known.length - 1 - (which % known.length)]!;
    const inbox = `in.ack${++this.acks}`;
    this.world.client.publish(place, inbox, body);
    const own = Number(place.split('.')[6]);
    const isAnswered = this.take(consumer, seq, own, body);
    if (!isAnswered) {
      await this.world.quiet();
      return [String(this.world.client.heard.some(({ subject }) => subject === inbox)), 'false'];
    }
    await this.world.taken(
      ({ sid, subject }) => sid === INBOX_SID && subject === inbox,
      `an answer to ${body} ${place}`,
    );
    return NOTHING;
  }

  /** Whether it is answered. */
  private take(consumer: PlainConsumer, seq: number, own: number, body: string): boolean {
    const { now } = this.world;
    if (body === '' || body === '+ACK' || body.startsWith('+TERM')) return consumer.ack(seq, own);
    if (body === '+WPI') consumer.progress(seq, now);
    else consumer.nak(seq, own, now, body.includes('delay') ? 2_000 : 0);
    return true;
  }

  private async reset(name: string, seq: number): Promise<Pair> {
    const consumer = this.consumers.get(name);
    if (consumer === undefined || (seq > 0 && consumer.config.deliver_policy !== 'all')) return NOTHING;
    const { error } = await this.api<Reply>(`CONSUMER.RESET.S.${name}`, seq === 0 ? null : { seq });
    consumer.reset(Math.max(1, seq === 0 ? consumer.floor + 1 : seq));
    this.releaseUnneeded();
    return [String(error?.err_code), 'undefined'];
  }

  private async delete(seq: number): Promise<Pair> {
    const { error } = await this.api<Reply>('STREAM.MSG.DELETE.S', { seq });
    return [String(error === undefined), String(this.plain.remove(seq))];
  }

  private async purge(request: PurgeRequest): Promise<Pair> {
    const { purged } = await this.api<{ purged: number }>('STREAM.PURGE.S', request);
    return [String(purged), String(this.plain.purge(request))];
  }

  private async pass(halves: number): Promise<Pair> {
    for (let left = halves; left > 0; left--) {
      await this.passQuarter();
      await this.passQuarter();
      await this.compared();
    }
    return NOTHING;
  }

  /** What was overdue at a restart is noticed a millisecond later, and everything that follows from it is as late. */
  private async passQuarter(): Promise<void> {
    const first = this.hasRestarted ? 1 : 0;
    if (first > 0) {
      await this.world.pass(first);
      this.tick();
    }
    await this.world.pass(HALF_MS / 2 - first);
    this.tick();
  }

  private tick(): void {
    const { now } = this.world;
    this.plain.expire(now);
    for (const consumer of this.all) consumer.tick(now);
  }

  private async restart(): Promise<Pair> {
    this.hasRestarted = true;
    await this.world.restart();
    for (const consumer of this.all) consumer.restart();
    return [this.world.log.splice(0).join('\n'), ''];
  }

  // --- What became of it ---

  /** Everything that was to be said, in its order, and how each consumer stands. */
  private async compared(): Promise<Pair[]> {
    const expected = this.expected();
    const pairs: Pair[] = [[await this.heard(expected), expected.map(written).sort().join('\n')]];
    for (const name of NAMES) {
      const consumer = this.consumers.get(name);
      if (consumer !== undefined) pairs.push(await this.standing(name, consumer));
    }
    const { state } = await this.api<{ state: { messages: number; last_seq: number } }>('STREAM.INFO.S');
    pairs.push([`${state.messages} ${state.last_seq}`, `${this.plain.kept.length} ${this.plain.last}`]);
    return pairs;
  }

  /** Taken from those who said it. */
  private expected(): Said[] {
    const all = this.lost.splice(0);
    for (const [name, consumer] of this.consumers) {
      const said = consumer.said.splice(0);
      all.push(...said);
      this.deliveries.get(name)!.push(...said.filter(({ place }) => place !== ''));
    }
    return all;
  }

  /** What came, each subscription's in its order. */
  private async heard(expected: readonly Said[]): Promise<string> {
    const { client } = this.world;
    for (let left = PATIENCE; client.heard.length < expected.length && left > 0; left--) {
      await this.world.quiet(1);
      if (left < PATIENCE / 2) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await this.world.quiet();
    return client.heard
      .splice(0)
      .map((heard) => this.heardText(heard))
      .sort()
      .join('\n');
  }

  /** Pins by their number, since nobody else knows what they are. */
  private heardText({ sid, subject, reply, header, body }: Heard): string {
    if (reply !== '') return `${sid} ${reply} ${subject} ${this.withPins(reply, header)}${body}`;
    const [line = '', ...fields] = header.replace(/\r\n\r\n$/, '').split('\r\n');
    const values = fields.map((field) => field.slice(field.indexOf(':') + 2));
    return `${sid}  ${[line.replace('NATS/1.0 ', ''), ...values].join(' ')}`;
  }

  private withPins(place: string, header: string): string {
    const pins = this.pinsOf(place.split('.')[3]!);
    return header.replace(/(Nats-Pin-Id: )(\S+)/, (_all, field: string, id: string) => {
      if (!pins.includes(id)) pins.push(id);
      return `${field}${pins.indexOf(id) + 1}`;
    });
  }

  private pinsOf(name: string): string[] {
    const known = this.pins.get(name) ?? [];
    this.pins.set(name, known);
    return known;
  }

  private async standing(name: string, consumer: PlainConsumer): Promise<Pair> {
    const info = await this.api<Info>(`CONSUMER.INFO.S.${name}`);
    if (info.error !== undefined) return [`error ${info.error.err_code}`, name];
    const found = {
      delivered: info.delivered.consumer_seq,
      ackPending: info.num_ack_pending,
      redelivered: info.num_redelivered,
      waiting: info.num_waiting,
      pending: info.num_pending,
    };
    return [`${name} ${JSON.stringify(found)}`, `${name} ${JSON.stringify(consumer.info())}`];
  }
}

const NOTHING: Pair = ['', ''];

function written({ sid, text, place }: Said): string {
  return `${sid} ${place} ${text}`;
}
