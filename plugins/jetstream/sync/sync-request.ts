/** How another stream is asked for its messages: by a consumer that sends them here. */
import type { StreamSource } from '../../../protocols/jetstream/stream-config.ts';
import { formatTime } from '../../../protocols/jetstream/timestamp.ts';

const HOUR = 3_600_000_000_000;
const SECOND = 1_000_000_000;
const DEFAULT_PREFIX = '$JS.API';

export interface SyncPlace {
  readonly kind: 'mirror' | 'source';
  readonly stream: string;
  readonly account: string;
  readonly domain: string;
  /** Of the consumer. */
  readonly name: string;
  readonly deliverSubject: string;
  /** The next sequence that is wanted; 0 to begin where the configuration says. */
  readonly position: number;
}

export interface SyncRequest {
  readonly subject: string;
  readonly body: string;
}

/** A consumer that somebody made for it begins anew where this end is. */
function resetRequest({ name, consumer }: StreamSource, prefix: string, position: number): SyncRequest {
  const subject = `${prefix}.CONSUMER.RESET.${name}.${consumer!.name}`;
  return { subject, body: position > 0 ? JSON.stringify({ seq: position }) : '' };
}

export function syncRequest(source: StreamSource, place: SyncPlace): SyncRequest {
  const filters = filtersOf(source);
  const prefix = source.external === null || source.external.api === '' ? DEFAULT_PREFIX : source.external.api;
  if (source.consumer !== null) return resetRequest(source, prefix, place.position);
  const single = filters.length === 1 ? filters[0]! : '';
  const way = single === '' ? '' : `.${place.name}.${single}`;
  const config = {
    ...(single === '' && filters.length === 0
      ? {}
      : single === ''
        ? { filter_subjects: filters }
        : { filter_subject: single }),
    name: place.name,
    deliver_subject: place.deliverSubject,
    ack_policy: 'none',
    ack_wait: 22 * HOUR,
    max_deliver: 1,
    flow_control: true,
    idle_heartbeat: SECOND,
    inactive_threshold: 10 * SECOND,
    replay_policy: 'instant',
    direct: true,
    sourcing: true,
    ...startOf(source, place.position),
    metadata: metadataOf(place),
  };
  const body = JSON.stringify({ stream_name: source.name, config });
  return { subject: `${prefix}.CONSUMER.CREATE.${source.name}${way}`, body };
}

export function filtersOf({ filterSubject, subjectTransforms }: StreamSource): readonly string[] {
  const filters = subjectTransforms.length > 0 ? subjectTransforms.map(({ src }) => src) : [filterSubject];
  return filters.some((filter) => filter === '' || filter === '>') ? [] : filters;
}

function startOf({ optStartSeq, optStartTime }: StreamSource, position: number): object {
  if (position > 0) return { deliver_policy: 'by_start_sequence', opt_start_seq: position };
  if (optStartSeq > 0n) return { deliver_policy: 'by_start_sequence', opt_start_seq: Number(optStartSeq) };
  if (optStartTime !== null) return { deliver_policy: 'by_start_time', opt_start_time: formatTime(optStartTime) };
  return { deliver_policy: 'all' };
}

function metadataOf({ kind, stream, account, domain }: SyncPlace): object {
  const prefix = kind === 'mirror' ? '_nats.mirror' : '_nats.src';
  return {
    [`${prefix}.stream`]: stream,
    [`${prefix}.acc`]: account,
    ...(domain === '' ? {} : { [`${prefix}.domain`]: domain }),
  };
}
