/** Does the same to a stream of a broker and to a plain one, and tells what each of them makes of it. */
import { Seeded } from '../../../fuzz/seeded.ts';
import { backedUp, restored } from './archive-wire.ts';
import { publishBatch, withBatchFields } from './plain-batch.ts';
import type { PlainConfig } from './plain-config.ts';
import { publish } from './plain-publish.ts';
import { headerOf, type Kept, type Outcome, PlainStream, type Published } from './plain-stream.ts';
import { type Command, updated } from './stream-commands.ts';
import type { StreamWorld } from './stream-world.ts';

/** What was found, and what was expected: texts, to be compared. */
export type Pair = readonly [found: string, expected: string];

interface PublishReply {
  readonly error?: { readonly err_code: number };
  readonly seq: number;
  readonly duplicate?: boolean;
  readonly val?: string;
}

const SETTLE_MS = 1_000;
const PATIENCE = 500;

export class StreamPlay {
  readonly world: StreamWorld;
  readonly plain: PlainStream;
  private readonly isLasting: boolean;
  private batches = 0;

  constructor(world: StreamWorld, config: PlainConfig, isLasting: boolean) {
    this.world = world;
    this.plain = new PlainStream(config);
    this.isLasting = isLasting && config.storage === 'file';
  }

  async begin(): Promise<Pair> {
    const { error } = await this.world.api<PublishReply>('STREAM.CREATE.S', requestOf(this.plain.config));
    return [String(error?.err_code), 'undefined'];
  }

  async play(command: Command): Promise<Pair[]> {
    const pairs = [await this.do(command)];
    pairs.push(await this.states());
    if (command.kind === 'look') pairs.push(...(await this.look()));
    return pairs;
  }

  private async do(command: Command): Promise<Pair> {
    switch (command.kind) {
      case 'publish':
        return this.publish(command.message);
      case 'batch':
        return this.batch(command.messages, command.isEnded);
      case 'delete':
        return this.delete(command.seq, command.isErased);
      case 'purge':
        return this.purge(command.request);
      case 'update':
        return this.update(updated(this.plain.config, new Seeded(command.limits)));
      case 'seal':
        return this.seal();
      case 'pass':
        return this.pass(command.seconds * 1_000);
      case 'restart':
        return this.isLasting ? this.restart() : NOTHING;
      case 'backup':
        return this.backup();
      case 'get':
        return this.get(command.request);
      case 'look':
        return NOTHING;
    }
  }

  private async publish({ subject, body, fields }: Published): Promise<Pair> {
    const { now } = this.world;
    const reply = await this.world.ask(subject, body, headerOf(fields));
    return [outcomeFound(reply.body), outcomeText(publish(this.plain, now, { subject, body, fields }))];
  }

  private async batch(messages: readonly Published[], isEnded: boolean): Promise<Pair> {
    const { world, plain } = this;
    const id = `batch${++this.batches}`;
    const sent = withBatchFields(id, messages, isEnded);
    const { now } = world;
    const expected = publishBatch(plain, now, sent, isEnded);
    let found = '';
    for (const { subject, body, fields } of sent) {
      found = (await world.ask(subject, body, headerOf(fields))).body;
      if (found !== '') break;
    }
    if (isEnded && found === '') {
      const end = [
        ['Nats-Batch-Id', id],
        ['Nats-Batch-Sequence', String(sent.length + 1)],
        ['Nats-Batch-Commit', 'eob'],
      ] as const;
      found = (await world.ask(sent[0]!.subject, '', headerOf(end))).body;
    }
    // Where several things speak against a batch it does not matter here which of them is named.
    return [withoutReason(outcomeFound(found)), withoutReason(outcomeText(expected))];
  }

  private async delete(seq: number, isErased: boolean): Promise<Pair> {
    const { config } = this.plain;
    const reply = await this.world.api<PublishReply>('STREAM.MSG.DELETE.S', { seq, no_erase: !isErased });
    const found = reply.error === undefined ? 'done' : 'refused';
    if (config.sealed || config.deny_delete) return [String(reply.error?.err_code), config.sealed ? '10109' : '10057'];
    return [found, this.plain.remove(seq) ? 'done' : 'refused'];
  }

  private async purge(request: { seq?: number; filter?: string; keep?: number }): Promise<Pair> {
    const { config } = this.plain;
    const reply = await this.world.api<PublishReply & { purged: number }>('STREAM.PURGE.S', request);
    if (config.sealed) return [String(reply.error?.err_code), '10109'];
    if (config.deny_purge) return [String(reply.error?.err_code), '10110'];
    return [String(reply.purged), String(this.plain.purge(request))];
  }

  private async update(config: PlainConfig): Promise<Pair> {
    if (this.plain.config.sealed) return NOTHING;
    const { error } = await this.world.api<PublishReply>('STREAM.UPDATE.S', requestOf(config));
    this.plain.update(config, this.world.now);
    await this.pass(SETTLE_MS);
    return [String(error?.err_code), 'undefined'];
  }

  private async seal(): Promise<Pair> {
    const sealed = { ...this.plain.config, sealed: true };
    const { error } = await this.world.api<PublishReply>('STREAM.UPDATE.S', requestOf(sealed));
    const rest = { max_age: 0, discard: 'new', deny_delete: true, deny_purge: true, allow_rollup_hdrs: false } as const;
    this.plain.update({ ...sealed, ...rest }, this.world.now);
    await this.pass(SETTLE_MS);
    return [String(error?.err_code), 'undefined'];
  }

  /** A second at a time, because what is due leaves its traces when it is due. */
  private async pass(milliseconds: number): Promise<Pair> {
    for (let left = milliseconds; left > 0; left -= 1_000) {
      await this.world.pass(1_000);
      this.plain.expire(this.world.now);
      await this.states();
    }
    return NOTHING;
  }

  private async restart(): Promise<Pair> {
    await this.world.restart();
    this.forget();
    this.plain.lastTime = this.plain.lastStored;
    await this.pass(SETTLE_MS);
    return [this.world.log.splice(0).join('\n'), ''];
  }

  /** What a stream knows of the time before it was opened stands in its messages. */
  private forget(): void {
    const { plain, world } = this;
    const window = plain.config.duplicate_window / 1e6;
    plain.ids.clear();
    plain.lastId = '';
    for (const { header, seq, time } of plain.kept) {
      plain.lastId = /Nats-Msg-Id: (\S*)/.exec(header)?.[1] ?? '';
      if (plain.lastId !== '' && world.now - time < window) plain.ids.set(plain.lastId, { seq, time });
    }
    plain.wasTouched = false;
  }

  private async backup(): Promise<Pair> {
    const backup = await backedUp(this.world, 'S');
    await this.world.api('STREAM.DELETE.S');
    const answer = await restored(this.world, 'S', backup);
    this.forget();
    this.plain.wasTouched = true;
    const { kept, last, lastTime } = this.plain;
    const newest = kept.at(-1);
    // When the last sequence was given out stands in the backup, though its message is gone.
    this.plain.lastStored = (newest?.seq ?? 0) < last && lastTime > 0 ? lastTime : (newest?.time ?? 0);
    await this.pass(SETTLE_MS);
    return [/"error"/.test(answer) ? answer : '', ''];
  }

  private async get(request: object): Promise<Pair> {
    const expected = this.wanted(request as Get);
    const { message } = await this.world.api<{ message?: Message }>('STREAM.MSG.GET.S', request);
    const pair: Pair = [messageFound(message), expected === undefined ? 'none' : messageText(expected, request as Get)];
    if (!this.plain.config.allow_direct || pair[0] !== pair[1]) return pair;
    const direct = await this.world.ask('$JS.API.DIRECT.GET.S', JSON.stringify(request));
    const body = /^NATS\/1.0 404/.test(direct.header) ? 'none' : direct.body;
    return [body, expected === undefined ? 'none' : expected.body];
  }

  private wanted({ seq, last_by_subj: last, next_by_subj: next }: Get): Kept | undefined {
    if (last !== undefined) return this.plain.of(last).at(-1);
    if (next !== undefined) return this.plain.of(next).find((one) => one.seq >= (seq ?? 0));
    return this.plain.kept.find((one) => one.seq === seq);
  }

  /** What has to be fetched from files takes a little of the machine's time, though none of this world's. */
  private async states(): Promise<Pair> {
    const expected = JSON.stringify(this.plain.state());
    for (let left = PATIENCE; ; left--) {
      const found = await this.stateFound();
      if (found === expected || left === 0) return [found, expected];
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  private async stateFound(): Promise<string> {
    const request = { deleted_details: true, subjects_filter: '>' };
    const { state } = await this.world.api<{ state: FoundState }>('STREAM.INFO.S', request);
    const counts: Record<string, number> = {};
    for (const [subject, count] of Object.entries(state.subjects ?? {})) counts[subject] = count;
    const expected = (this.plain.state() as { counts: Record<string, number> }).counts;
    return JSON.stringify({
      messages: state.messages,
      bytes: state.bytes,
      first: state.first_seq,
      firstTime: milliseconds(state.first_ts),
      last: state.last_seq,
      lastTime: milliseconds(state.last_ts),
      counts: sameOrder(counts, expected),
      deleted: state.deleted ?? [],
    });
  }

  /** Every message there is, by its sequence. */
  private async look(): Promise<Pair[]> {
    const pairs: Pair[] = [];
    for (const one of this.plain.kept) {
      const { message } = await this.world.api<{ message?: Message }>('STREAM.MSG.GET.S', { seq: one.seq });
      pairs.push([messageFound(message), messageText(one, {})]);
    }
    return pairs;
  }
}

interface Get {
  readonly seq?: number;
  readonly last_by_subj?: string;
  readonly next_by_subj?: string;
  readonly no_hdr?: boolean;
}

interface Message {
  readonly subject: string;
  readonly seq: number;
  readonly hdrs?: string;
  readonly data?: string;
  readonly time: string;
}

interface FoundState {
  readonly messages: number;
  readonly bytes: number;
  readonly first_seq: number;
  readonly first_ts: string;
  readonly last_seq: number;
  readonly last_ts: string;
  readonly subjects?: Record<string, number>;
  readonly deleted?: readonly number[];
}

const NOTHING: Pair = ['', ''];

/** The keys of the other one first: what is counted alike is written alike. */
function sameOrder(counts: Record<string, number>, like: Record<string, number>): Record<string, number> {
  const sorted: Record<string, number> = {};
  for (const key of Object.keys(like)) if (counts[key] !== undefined) sorted[key] = counts[key];
  return { ...sorted, ...counts };
}

function milliseconds(time: string): number {
  return time.startsWith('0001') ? 0 : Date.parse(time);
}

function requestOf(config: PlainConfig): object {
  return { ...config, first_seq: config.first_seq === 0 ? undefined : config.first_seq };
}

function messageFound(message: Message | undefined): string {
  if (message === undefined) return 'none';
  const plain = (text = ''): string => Buffer.from(text, 'base64').toString('latin1');
  const { seq, time, subject, hdrs, data } = message;
  return JSON.stringify([seq, Date.parse(time), subject, plain(hdrs), plain(data)]);
}

function messageText({ seq, time, subject, header, body }: Kept, { no_hdr: hasNone = false }: Get): string {
  return JSON.stringify([seq, time, subject, hasNone ? '' : header, body]);
}

function outcomeFound(body: string): string {
  const { error, seq, duplicate, val } = JSON.parse(body) as PublishReply;
  if (error !== undefined) return `refused ${error.err_code}`;
  return `${duplicate ? 'duplicate' : 'stored'} ${seq} ${val ?? ''}`;
}

const withoutReason = (outcome: string): string => (outcome.startsWith('refused') ? 'refused' : outcome);

function outcomeText(outcome: Outcome): string {
  if (outcome.kind === 'refused') return `refused ${outcome.error}`;
  return `${outcome.kind === 'unwanted' ? 'stored' : outcome.kind} ${outcome.seq} ${outcome.value ?? ''}`;
}
