/** A batch to a plain stream: all of it, or nothing. */
import { publish } from './plain-publish.ts';
import { fieldValue, isMatch, type Outcome, type PlainStream, type Published, refused } from './plain-stream.ts';

const HEADERS = 'Nats-Batch-';

export function withBatchFields(id: string, messages: readonly Published[], isEnded: boolean): Published[] {
  return messages.map((message, at) => ({
    ...message,
    fields: [
      ...message.fields,
      [`${HEADERS}Id`, id],
      [`${HEADERS}Sequence`, String(at + 1)],
      ...(at === messages.length - 1 && !isEnded ? [[`${HEADERS}Commit`, '1'] as const] : []),
    ],
  }));
}

/** `sent` with the fields of the batch. */
export function publishBatch(stream: PlainStream, now: number, sent: readonly Published[], isEnded: boolean): Outcome {
  const { config } = stream;
  if (config.sealed) return refused(10109);
  const tooLarge = sent.some(
    ({ fields, body }) => config.max_msg_size > 0 && sizeOf(fields, body) > config.max_msg_size,
  );
  if (tooLarge) return refused(0);
  if (!config.allow_atomic) return refused(10174);
  const stored = isEnded
    ? sent.map((one, at) =>
        at < sent.length - 1 ? one : { ...one, fields: [...one.fields, [`${HEADERS}Commit`, '1'] as const] },
      )
    : sent;
  const problem = problemOf(stream, stored);
  if (problem !== 0) return refused(problem);
  let last: Outcome = refused(0);
  // Room was looked for once, for all; what fails in the middle takes all back.
  const { kept, last: before, lastTime, lastStored, lastId, ids } = stream;
  const known = new Map(ids);
  const { config: roomy, onlookers } = stream;
  stream.config = { ...roomy, discard: 'old' };
  for (const message of stored) {
    last = publish(stream, now, message);
    if (last.kind === 'refused') break;
  }
  stream.config = roomy;
  // What a counter says stands in the acknowledgements of single messages alone.
  if (last.kind !== 'refused') return { kind: last.kind, seq: last.seq };
  Object.assign(stream, { kept, last: before, lastTime, lastStored, lastId, onlookers });
  ids.clear();
  for (const [id, one] of known) ids.set(id, one);
  return last;
}

function sizeOf(fields: Published['fields'], body: string): number {
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 12) + body.length;
}

function problemOf(stream: PlainStream, sent: readonly Published[]): number {
  const ids = new Set<string>();
  const before: Published[] = [];
  let bytes = 0;
  for (const message of sent) {
    const problem = messageProblem(stream, message, before, ids, bytes);
    if (problem !== 0) return problem;
    const id = fieldValue(message.fields, 'Nats-Msg-Id');
    if (id !== undefined) ids.add(id);
    before.push(message);
    bytes += stream.sizeOf(message.subject, ' '.repeat(sizeOf(message.fields, '')), message.body);
  }
  return 0;
}

function messageProblem(
  stream: PlainStream,
  message: Published,
  before: readonly Published[],
  ids: ReadonlySet<string>,
  bytes: number,
): number {
  const { config } = stream;
  const value = (name: string): string | undefined => fieldValue(message.fields, name);
  if (value('Nats-Expected-Last-Msg-Id') !== undefined) return 10177;
  const id = value('Nats-Msg-Id') ?? '';
  if (id !== '' && (ids.has(id) || stream.ids.has(id))) return 10201;
  const ofAll = value('Nats-Expected-Last-Sequence');
  if (ofAll !== undefined && before.length > 0) return 10164;
  if (ofAll !== undefined && Number(ofAll) !== stream.last) return 10071;
  const ofSubject = value('Nats-Expected-Last-Subject-Sequence');
  const pattern = value('Nats-Expected-Last-Subject-Sequence-Subject') ?? message.subject;
  if (ofSubject !== undefined && before.some(({ subject }) => isMatch(pattern, subject))) return 10164;
  if (ofSubject !== undefined && Number(ofSubject) !== (stream.of(pattern).at(-1)?.seq ?? 0)) return 10071;
  if (value('Nats-TTL') !== undefined && !config.allow_msg_ttl) return 10166;
  if (value('Nats-Incr') !== undefined && (!config.allow_msg_counter || message.body !== '')) return 10168;
  return rollupProblem(stream, message, before) || roomProblem(stream, message, before, bytes);
}

function rollupProblem({ config }: PlainStream, { subject, fields }: Published, before: readonly Published[]): number {
  const rollup = fieldValue(fields, 'Nats-Rollup');
  if (rollup === undefined) return 0;
  if (!config.allow_rollup_hdrs || config.deny_purge) return 10111;
  if (rollup === 'sub') return before.some((one) => one.subject === subject) ? 10111 : 0;
  return before.length > 0 ? 10111 : 0;
}

function roomProblem(
  stream: PlainStream,
  { subject, fields, body }: Published,
  before: readonly Published[],
  bytes: number,
): number {
  const { config, kept } = stream;
  if (config.discard === 'old') return 0;
  const own = stream.of(subject).length + before.filter((one) => one.subject === subject).length;
  const isRollup = fieldValue(fields, 'Nats-Rollup') !== undefined;
  if (config.discard_new_per_subject && !isRollup && own >= config.max_msgs_per_subject) return 10077;
  if (config.max_msgs > 0 && kept.length + before.length >= config.max_msgs) return 10077;
  const size = stream.sizeOf(subject, ' '.repeat(sizeOf(fields, '')), body);
  return config.max_bytes > 0 && stream.bytes + bytes + size > config.max_bytes ? 10077 : 0;
}
