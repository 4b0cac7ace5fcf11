/** Publishing to a plain stream: what speaks against a message, in the order in which it is asked. */
import {
  type Fields,
  fieldValue,
  headerOf,
  type Outcome,
  type PlainStream,
  type Published,
  refused,
} from './plain-stream.ts';

const EXCLUDED_BY_COUNTING = [
  'Nats-Rollup',
  'Nats-Expected-Stream',
  'Nats-Expected-Last-Sequence',
  'Nats-Expected-Last-Subject-Sequence',
  'Nats-Expected-Last-Msg-Id',
];

export function publish(stream: PlainStream, now: number, published: Published): Outcome {
  const { config } = stream;
  const { fields, subject } = published;
  const value = (name: string): string | undefined => fieldValue(fields, name);
  if (config.sealed) return refused(10109);
  const early = counting(stream, published) || expectations(stream, subject, fields);
  if (early !== 0) return refused(early);
  const id = value('Nats-Msg-Id') ?? '';
  const known = stream.ids.get(id);
  if (known !== undefined) return { kind: 'duplicate', seq: known.seq };
  const expectedId = value('Nats-Expected-Last-Msg-Id');
  if (expectedId !== undefined && expectedId !== stream.lastId) return refused(10070);
  const rollup = value('Nats-Rollup');
  if (rollup !== undefined && (!config.allow_rollup_hdrs || config.deny_purge)) return refused(10111);
  if (rollup !== undefined && rollup !== 'sub' && rollup !== 'all') return refused(10111);
  if (config.allow_msg_counter && value('Nats-Incr') === undefined) return refused(10169);
  return store(stream, now, published, id);
}

/** 0 where nothing speaks against it. */
function counting({ config }: PlainStream, { fields, body }: Published): number {
  const increment = fieldValue(fields, 'Nats-Incr');
  if (increment === undefined) return 0;
  if (!/^[+-]?\d+$/.test(increment)) return 10171;
  if (!config.allow_msg_counter) return 10168;
  if (body !== '') return 10170;
  return EXCLUDED_BY_COUNTING.some((name) => fieldValue(fields, name) !== undefined) ? 10171 : 0;
}

function ttlProblem(isAllowed: boolean, fields: Fields): number {
  return fieldValue(fields, 'Nats-TTL') !== undefined && !isAllowed ? 10166 : 0;
}

function expectations(stream: PlainStream, subject: string, fields: Fields): number {
  const { config } = stream;
  const expectedStream = fieldValue(fields, 'Nats-Expected-Stream');
  if (expectedStream !== undefined && expectedStream !== config.name) return 10060;
  const ttl = ttlProblem(config.allow_msg_ttl, fields);
  if (ttl !== 0) return ttl;
  const ofSubject = fieldValue(fields, 'Nats-Expected-Last-Subject-Sequence');
  const pattern = fieldValue(fields, 'Nats-Expected-Last-Subject-Sequence-Subject');
  if (ofSubject === undefined && pattern !== undefined) return 10193;
  if (ofSubject !== undefined && Number(ofSubject) !== (stream.of(pattern ?? subject).at(-1)?.seq ?? 0)) return 10071;
  const ofAll = fieldValue(fields, 'Nats-Expected-Last-Sequence');
  return ofAll !== undefined && Number(ofAll) !== stream.last ? 10071 : 0;
}

function store(stream: PlainStream, now: number, published: Published, id: string): Outcome {
  const { config } = stream;
  const { subject } = published;
  const counted = config.allow_msg_counter ? countedBody(stream, published) : null;
  if (typeof counted === 'number') return refused(counted);
  const body = counted?.body ?? published.body;
  const fields = clamped(stream, published.fields);
  const size = headerOf(fields).length + body.length;
  if (config.max_msg_size > 0 && size > config.max_msg_size) return refused(10054);
  const isRollup = fieldValue(fields, 'Nats-Rollup') !== undefined;
  if (config.retention === 'interest' && !stream.onlookers.wants(subject)) {
    const seq = stream.skip(now);
    afterwards(stream, now, published, id, seq);
    return { kind: 'unwanted', seq };
  }
  if (config.discard === 'new' && isFull(stream, subject, stream.sizeOf(subject, headerOf(fields), body), isRollup)) {
    return refused(10077);
  }
  const { seq } = stream.put(now, subject, fields, body);
  stream.trim(subject);
  afterwards(stream, now, published, id, seq);
  return { kind: 'stored', seq, ...(counted === null ? {} : { value: counted.value }) };
}

function afterwards(stream: PlainStream, now: number, { subject, fields }: Published, id: string, seq: number): void {
  stream.lastId = id;
  if (id !== '') stream.ids.set(id, { seq, time: now });
  const rollup = fieldValue(fields, 'Nats-Rollup');
  if (rollup === undefined) return;
  const isAll = rollup === 'all';
  stream.asPurge(isAll ? '' : subject, (one) => one.seq < seq && (isAll || one.subject === subject));
}

function countedBody(
  stream: PlainStream,
  { subject, fields }: Published,
): number | { readonly body: string; readonly value: string } {
  const before = stream.of(subject).at(-1);
  const found = before === undefined ? ['', '0'] : /^\{"val":"(-?\d+)"\}$/.exec(before.body);
  if (found === null) return 10172;
  const value = String(BigInt(found[1]!) + BigInt(fieldValue(fields, 'Nats-Incr')!.replace('+', '')));
  return { body: `{"val":"${value}"}`, value };
}

/** A message lives at least as long as the marker that follows it, where something older may be behind it. */
function clamped({ config }: PlainStream, fields: Fields): Fields {
  const ttl = fieldValue(fields, 'Nats-TTL');
  const least = config.subject_delete_marker_ttl / 1e9;
  if (ttl === undefined || ttl === 'never' || config.max_msgs_per_subject === 1) return fields;
  if (Number.parseInt(ttl, 10) >= least) return fields;
  return [...fields.filter(([name]) => name !== 'Nats-TTL'), ['Nats-TTL', String(least)]];
}

function isFull(stream: PlainStream, subject: string, size: number, isRollup: boolean): boolean {
  const { max_msgs: most, max_bytes: mostBytes, max_msgs_per_subject: perSubject } = stream.config;
  const own = stream.of(subject);
  const isSubjectFull = perSubject > 0 && own.length >= perSubject;
  if (isSubjectFull && stream.config.discard_new_per_subject && !isRollup) return true;
  if (most > 0 && stream.kept.length >= most && !isSubjectFull) return true;
  return mostBytes > 0 && stream.bytes + size > mostBytes && !(isSubjectFull && own[0]!.size >= size);
}
