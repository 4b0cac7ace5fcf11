/** How long a service takes, told to whoever the exporter names: one event for each request that is sampled. */
import {
  type Account,
  type Broker,
  type ClientInfo,
  type Connection,
  clientBehind,
  FROM_PEER,
  type Message,
  randomName,
  wireJson,
  wireTime,
} from '../../../kernel/plugin-api.ts';
import type { LatencyRule } from '../contract.ts';
import type { FarHalf, RemoteMeasures } from './remote-measures.ts';
import { fullInfo, roundTripOf } from './requester-info.ts';
import type { Measure } from './responses.ts';
import { type SampledFields, samplingFields } from './sampling-headers.ts';
import { serverHash } from './server-hash.ts';

const NANOSECONDS = 1e6;
const ALL = 100;

const FAILURES = {
  'no-reply': { status: 400, description: 'Bad Request' },
  'requester-gone': { status: 408, description: 'Request Timeout' },
  'no-responders': { status: 503, description: 'Service Unavailable' },
  'too-late': { status: 504, description: 'Service Timeout' },
} as const;

export interface Sample {
  /** What in the request asked for it; undefined where chance did. */
  readonly header: SampledFields | undefined;
}

/** Null: this request is not measured. */
export function sampleOf(rule: LatencyRule, request: Message, broker: Broker): Sample | null {
  const { sampling } = rule;
  if (sampling !== 'headers' && (sampling >= ALL || broker.random.below(ALL) < sampling)) return { header: undefined };
  if (request.headerLength === 0) return null;
  const header = samplingFields(request.header);
  return header === null ? null : { header };
}

export interface Measured {
  readonly broker: Broker;
  readonly exporter: Account;
  readonly rule: LatencyRule;
  readonly client: Connection | null;
  readonly measures: RemoteMeasures;
  readonly requestor: ClientInfo;
  readonly sample: Sample;
}

/** One measurement, from the request on. */
export class LatencyMeasure implements Measure {
  readonly suffix: string;
  private readonly parts: Measured;
  private readonly startedAt: number;
  private readonly startedWall: number;

  constructor(parts: Measured) {
    const { broker } = parts;
    this.parts = parts;
    this.suffix = `.${serverHash(broker.name)}.T`;
    this.startedAt = broker.clock.monotonic();
    this.startedWall = broker.clock.now();
  }

  /** To be called with the first answer; what it answers is called when that is delivered. */
  answered({ origin, originBit, subject }: Message): () => void {
    const { broker, client, exporter, measures } = this.parts;
    if ((originBit & FROM_PEER) !== 0) return this.answeredElsewhere(subject);
    const responder = clientBehind(origin);
    const arrivedAt = broker.clock.monotonic();
    const elapsed = Math.round((arrivedAt - this.startedAt) * NANOSECONDS);
    return () => {
      const system = Math.round((broker.clock.monotonic() - arrivedAt) * NANOSECONDS);
      this.publish({ status: 200 }, responder === null ? undefined : fullInfo(responder, exporter, measures.place), {
        service: Math.max(0, elapsed - roundTripOf(responder)),
        system,
        total: roundTripOf(client) + elapsed + system,
      });
    };
  }

  /** The server of the responder has the other half. */
  private answeredElsewhere(subject: string): () => void {
    const { broker, client, measures } = this.parts;
    const elapsed = Math.round((broker.clock.monotonic() - this.startedAt) * NANOSECONDS);
    const total = roundTripOf(client) + elapsed;
    const settle = (half: FarHalf | null): void => {
      const { service, roundTrip, responder } = half ?? { service: elapsed, roundTrip: 0, responder: undefined };
      const system = Math.max(0, elapsed - service - roundTrip);
      this.publish({ status: 200 }, responder, { service: Math.max(0, service), system, total });
    };
    return () => measures.expect(subject, settle);
  }

  failed(why: keyof typeof FAILURES): void {
    this.publish(FAILURES[why], undefined, { service: 0, system: 0, total: 0 });
  }

  private publish(outcome: object, responder: object | undefined, times: object): void {
    const { broker, exporter, rule, client, requestor, sample } = this.parts;
    const event = {
      type: 'io.nats.server.metric.v1.service_latency',
      id: randomName(broker.random),
      timestamp: wireTime(broker.clock.now()),
      ...outcome,
      requestor,
      responder,
      header: sample.header,
      start: wireTime(this.startedWall - roundTripOf(client) / NANOSECONDS),
      ...times,
    };
    broker.publisher.publish(exporter, { subject: rule.subject, body: wireJson(event) });
  }
}
