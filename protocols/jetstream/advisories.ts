/** What is told of what happens to streams and consumers. `id` and `time` come from the caller. */
import { printString } from './json/print-json.ts';
import { formatNanos } from './timestamp.ts';

const ADVISORY = '$JS.EVENT.ADVISORY.';
const METRIC = '$JS.EVENT.METRIC.';
const ADVISORY_TYPE = 'io.nats.jetstream.advisory.v1.';
const METRIC_TYPE = 'io.nats.jetstream.metric.v1.';

export interface Advisory {
  readonly subject: string;
  readonly body: string;
}

export interface AdvisoryHead {
  readonly id: string;
  readonly time: bigint;
  readonly domain: string;
}

/** What may stand in an advisory; `raw` is JSON already. Undefined is left out. */
type Content = Readonly<Record<string, string | number | bigint | boolean | { readonly raw: string } | undefined>>;

function advisory(subject: string, type: string, head: AdvisoryHead, content: Content): Advisory {
  const first = `{"type":"${type}","id":${printString(head.id)},"timestamp":"${formatNanos(head.time)}"`;
  const fields = Object.entries(content).map(([key, value]) =>
    value === undefined ? '' : `,"${key}":${print(value)}`,
  );
  const domain = head.domain === '' ? '' : `,"domain":${printString(head.domain)}`;
  return { subject, body: `${first}${fields.join('')}${domain}}` };
}

function print(value: NonNullable<Content[string]>): string {
  if (typeof value === 'string') return printString(value);
  return typeof value === 'object' ? value.raw : String(value);
}

export type Action = 'create' | 'delete' | 'modify';
const ACTION_WORDS: Readonly<Record<Action, string>> = { create: 'CREATED', delete: 'DELETED', modify: 'UPDATED' };

export function streamAction(head: AdvisoryHead, action: Action, stream: string): Advisory {
  const subject = `${ADVISORY}STREAM.${ACTION_WORDS[action]}.${stream}`;
  return advisory(subject, `${ADVISORY_TYPE}stream_action`, head, { stream, action });
}

export function consumerAction(head: AdvisoryHead, action: Action, stream: string, consumer: string): Advisory {
  const subject = `${ADVISORY}CONSUMER.${ACTION_WORDS[action]}.${stream}.${consumer}`;
  return advisory(subject, `${ADVISORY_TYPE}consumer_action`, head, { stream, consumer, action });
}

export function consumerPause(
  head: AdvisoryHead,
  stream: string,
  consumer: string,
  isPaused: boolean,
  /** The beginning of time where it goes on at once. */
  until: bigint,
): Advisory {
  return advisory(`${ADVISORY}CONSUMER.PAUSE.${stream}.${consumer}`, `${ADVISORY_TYPE}consumer_pause`, head, {
    stream,
    consumer,
    paused: isPaused,
    pause_until: formatNanos(until),
  });
}

export interface GroupPlace {
  readonly account: string;
  readonly stream: string;
  readonly consumer: string;
  readonly group: string;
}

export function groupPinned(head: AdvisoryHead, place: GroupPlace, pinnedId: string): Advisory {
  const subject = `${ADVISORY}CONSUMER.PINNED.${place.stream}.${place.consumer}`;
  return advisory(subject, `${ADVISORY_TYPE}consumer_group_pinned`, head, { ...placeOf(place), pinned_id: pinnedId });
}

export function groupUnpinned(head: AdvisoryHead, place: GroupPlace, reason: 'admin' | 'timeout'): Advisory {
  const subject = `${ADVISORY}CONSUMER.UNPINNED.${place.stream}.${place.consumer}`;
  return advisory(subject, `${ADVISORY_TYPE}consumer_group_unpinned`, head, { ...placeOf(place), reason });
}

function placeOf({ account, stream, consumer, group }: GroupPlace): Content {
  return { account, stream, consumer, group };
}

export interface DeliveredPlace {
  readonly stream: string;
  readonly consumer: string;
  readonly consumerSequence: number;
  readonly streamSequence: number;
  readonly deliveries: number;
}

export function maxDeliveries(head: AdvisoryHead, place: DeliveredPlace): Advisory {
  const { stream, consumer, streamSequence, deliveries } = place;
  return advisory(`${ADVISORY}CONSUMER.MAX_DELIVERIES.${stream}.${consumer}`, `${ADVISORY_TYPE}max_deliver`, head, {
    stream,
    consumer,
    stream_seq: streamSequence,
    deliveries,
  });
}

export function messageNaked(head: AdvisoryHead, place: DeliveredPlace): Advisory {
  const subject = `${ADVISORY}CONSUMER.MSG_NAKED.${place.stream}.${place.consumer}`;
  return advisory(subject, `${ADVISORY_TYPE}nak`, head, deliveryOf(place));
}

export function messageTerminated(head: AdvisoryHead, place: DeliveredPlace, reason: string): Advisory {
  const subject = `${ADVISORY}CONSUMER.MSG_TERMINATED.${place.stream}.${place.consumer}`;
  return advisory(subject, `${ADVISORY_TYPE}terminated`, head, {
    ...deliveryOf(place),
    reason: reason === '' ? undefined : reason,
  });
}

export function ackMetric(head: AdvisoryHead, place: DeliveredPlace, ackNanos: bigint): Advisory {
  const { stream, consumer, consumerSequence, streamSequence, deliveries } = place;
  return advisory(`${METRIC}CONSUMER.ACK.${stream}.${consumer}`, `${METRIC_TYPE}consumer_ack`, head, {
    stream,
    consumer,
    consumer_seq: consumerSequence,
    stream_seq: streamSequence,
    ack_time: ackNanos,
    deliveries,
  });
}

function deliveryOf({ stream, consumer, consumerSequence, streamSequence, deliveries }: DeliveredPlace): Content {
  return { stream, consumer, consumer_seq: consumerSequence, stream_seq: streamSequence, deliveries };
}

export type AbandonReason = 'timeout' | 'large' | 'incomplete' | 'unsupported';

/** The system account is told whose stream it is; the account itself knows: `account` is empty there. */
export function batchAbandoned(
  head: AdvisoryHead,
  { account, stream, batch }: { readonly account: string; readonly stream: string; readonly batch: string },
  reason: AbandonReason,
): Advisory {
  const subject = `${ADVISORY}STREAM.BATCH_ABANDONED.${stream}`;
  const domain = head.domain === '' ? undefined : head.domain;
  const content = { account: account === '' ? undefined : account, stream, domain, batch, reason };
  return advisory(subject, `${ADVISORY_TYPE}stream_batch_abandoned`, { ...head, domain: '' }, content);
}

/** `client` says who asked, as JSON. */
export function apiAudit(
  head: AdvisoryHead,
  call: { readonly server: string; readonly client: string; readonly subject: string },
  request: string,
  response: string,
): Advisory {
  return advisory(`${ADVISORY}API`, `${ADVISORY_TYPE}api_audit`, head, {
    server: call.server,
    client: { raw: call.client },
    subject: call.subject,
    request: request === '' ? undefined : request,
    response,
  });
}

export function snapshotCreated(head: AdvisoryHead, stream: string, state: string, client: string): Advisory {
  return advisory(`${ADVISORY}STREAM.SNAPSHOT_CREATE.${stream}`, `${ADVISORY_TYPE}snapshot_create`, head, {
    stream,
    state: { raw: state },
    client: { raw: client },
  });
}

export interface Span {
  readonly start: bigint;
  readonly end: bigint;
}

/** `problem` says why it ended early; empty where it did not. */
export function snapshotCompleted(
  head: AdvisoryHead,
  stream: string,
  span: Span,
  client: string,
  problem = '',
): Advisory {
  return advisory(`${ADVISORY}STREAM.SNAPSHOT_COMPLETE.${stream}`, `${ADVISORY_TYPE}snapshot_complete`, head, {
    stream,
    start: formatNanos(span.start),
    end: formatNanos(span.end),
    client: { raw: client },
    error: problem === '' ? undefined : problem,
  });
}

export function restoreCreated(head: AdvisoryHead, stream: string, client: string): Advisory {
  const subject = `${ADVISORY}STREAM.RESTORE_CREATE.${stream}`;
  return advisory(subject, `${ADVISORY_TYPE}restore_create`, head, { stream, client: { raw: client } });
}

export function restoreCompleted(
  head: AdvisoryHead,
  stream: string,
  span: Span,
  bytes: number,
  client: string,
): Advisory {
  return advisory(`${ADVISORY}STREAM.RESTORE_COMPLETE.${stream}`, `${ADVISORY_TYPE}restore_complete`, head, {
    stream,
    start: formatNanos(span.start),
    end: formatNanos(span.end),
    bytes,
    client: { raw: client },
  });
}

/** Of our own: nothing tells of it elsewhere. */
const OWN_TYPE = 'io.gnatlet.jetstream.advisory.v1.';
const RANGES_MAX = 1_000;

export interface LostMessages {
  readonly ranges: readonly { readonly from: number; readonly to: number }[];
  /** Of all that the stream has lost. */
  readonly bytes: number;
}

/** Messages were found damaged. `account`: whose stream it is, for those who hear of the streams of all; else empty. */
export function messagesLost(head: AdvisoryHead, stream: string, account: string, lost: LostMessages): Advisory {
  const { ranges, bytes } = lost;
  return advisory(`${ADVISORY}STREAM.MSGS_LOST.${stream}`, `${OWN_TYPE}stream_msgs_lost`, head, {
    account: account === '' ? undefined : account,
    stream,
    msgs: ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    ranges: { raw: JSON.stringify(ranges.slice(0, RANGES_MAX).map(({ from, to }) => [from, to])) },
    lost_bytes: bytes,
  });
}

/** To the system account: a server can store no more. */
export function outOfStorage(
  head: AdvisoryHead,
  server: { readonly name: string; readonly id: string },
  stream: string,
): Advisory {
  return advisory(`${ADVISORY}SERVER.OUT_OF_STORAGE`, `${ADVISORY_TYPE}server_out_of_space`, head, {
    server: server.name,
    server_id: server.id,
    stream,
    cluster: '',
  });
}

/** To the system account: requests were dropped. */
export function apiLimitReached(head: AdvisoryHead, server: string, dropped: number): Advisory {
  return advisory(`${ADVISORY}API.LIMIT_REACHED`, `${ADVISORY_TYPE}api_limit_reached`, head, { server, dropped });
}
