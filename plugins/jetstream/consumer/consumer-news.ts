/** What a consumer tells whoever listens of what became of its messages. */
import {
  ackMetric,
  type DeliveredPlace,
  maxDeliveries,
  messageNaked,
  messageTerminated,
} from '../../../protocols/jetstream/advisories.ts';
import type { Consumer } from './consumer.ts';

const EVENTS = '$JS.EVENT';

export function tellTaken({ of, account, streamName, name }: Consumer, place: DeliveredPlace, nanos: bigint): void {
  of.advise(account, (head) => ackMetric(head, place, nanos), `${EVENTS}.METRIC.CONSUMER.ACK.${streamName}.${name}`);
}

export function tellNaked({ of, account, streamName, name }: Consumer, place: DeliveredPlace): void {
  const subject = `${EVENTS}.ADVISORY.CONSUMER.MSG_NAKED.${streamName}.${name}`;
  of.advise(account, (head) => messageNaked(head, place), subject);
}

export function tellTerminated(
  { of, account, streamName, name }: Consumer,
  place: DeliveredPlace,
  reason: string,
): void {
  const subject = `${EVENTS}.ADVISORY.CONSUMER.MSG_TERMINATED.${streamName}.${name}`;
  of.advise(account, (head) => messageTerminated(head, place, reason), subject);
}

export function tellExhausted(
  { of, account, streamName, name }: Consumer,
  streamSequence: number,
  deliveries: number,
): void {
  const place = { stream: streamName, consumer: name, consumerSequence: 0, streamSequence, deliveries };
  const subject = `${EVENTS}.ADVISORY.CONSUMER.MAX_DELIVERIES.${streamName}.${name}`;
  of.advise(account, (head) => maxDeliveries(head, place), subject);
}
