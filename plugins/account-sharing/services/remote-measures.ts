/**
 * Requests that are measured, with the requester at one server and the responder at another. The responder's server tells the other
 * how long the service itself took, on a subject of the system account; there both halves are put together.
 */
import {
  type Account,
  type Broker,
  type Clock,
  clientBehind,
  type Message,
  type Timer,
  wireJson,
  wireTime,
} from '../../../kernel/plugin-api.ts';
import type { ServiceMeasures } from '../contract.ts';
import { fullInfo, roundTripOf } from './requester-info.ts';
import { serverHash } from './server-hash.ts';

const NANOSECONDS = 1e6;
const TOKENS = 5;
const SUBJECT = '$SYS.LATENCY.M2.';
/** In the place of a time that is none. */
const NEVER = '0001-01-01T00:00:00Z';
/** How long the other half is waited for, and kept where it comes first. */
export const HALF_MS = 1000;

/** What the responder's server says. Nanoseconds. */
export interface FarHalf {
  readonly responder: object | undefined;
  readonly roundTrip: number;
  readonly service: number;
}

interface Request {
  readonly startedAt: number;
  readonly startedWall: number;
}

export interface MeasureLimits {
  /** Beyond it the oldest are forgotten. */
  readonly measuredMax: number;
  /** How long an answer may take. */
  readonly measuredMs: number;
}

export interface RemoteMeasuresParts {
  readonly broker: Broker;
  readonly limits: MeasureLimits;
  clusterName(): string;
}

export class RemoteMeasures implements ServiceMeasures {
  readonly hash: string;
  private readonly broker: Broker;
  private readonly clusterName: () => string;
  /** Delivered here, and not answered yet: by the subject of the answer. */
  private readonly requests: Waiting<Request>;
  /** Halves that came before the answer. */
  private readonly early: Waiting<FarHalf>;
  /** Answered, without the other half. */
  private readonly open: Waiting<(half: FarHalf | null) => void>;

  constructor({ broker, clusterName, limits }: RemoteMeasuresParts) {
    const { clock } = broker;
    this.broker = broker;
    this.clusterName = clusterName;
    this.hash = serverHash(broker.name);
    this.requests = new Waiting(clock, limits.measuredMs);
    this.early = new Waiting(clock, HALF_MS);
    this.open = new Waiting(clock, HALF_MS, (settle) => settle(null));
    this.limit(limits);
  }

  /** From now on. */
  limit({ measuredMax, measuredMs }: MeasureLimits): void {
    for (const waiting of this.all) waiting.max = measuredMax;
    this.requests.patienceMs = measuredMs;
  }

  /** How many had to go because there were too many. */
  get forgotten(): number {
    return this.all.reduce((sum, waiting) => sum + waiting.forgotten, 0);
  }

  private get all(): readonly Waiting<never>[] {
    return [this.requests, this.early, this.open] as unknown as readonly Waiting<never>[];
  }

  /** Where others tell this server of their halves. */
  get subject(): string {
    return SUBJECT + this.hash;
  }

  requested(_account: Account, { reply }: Message): void {
    if (hashIn(reply) === this.hash) return;
    const { clock } = this.broker;
    this.requests.add(reply, { startedAt: clock.monotonic(), startedWall: clock.now() });
  }

  answered(account: Account, { origin, subject }: Message): void {
    const request = this.requests.take(subject);
    const responder = clientBehind(origin);
    const { system } = this.broker.accounts;
    if (request === undefined || responder === null || system === null) return;
    const elapsed = Math.round((this.broker.clock.monotonic() - request.startedAt) * NANOSECONDS);
    const service = Math.max(0, elapsed - roundTripOf(responder));
    const m2 = {
      type: '',
      id: '',
      timestamp: NEVER,
      status: 200,
      responder: fullInfo(responder, account, this.place),
      start: wireTime(request.startedWall),
      service,
      system: 0,
      total: service + roundTripOf(responder),
    };
    const body = wireJson({ account: account.name, req_id: subject, m2 });
    this.broker.publisher.publish(system, { subject: SUBJECT + hashIn(subject), body });
  }

  /** `settle` is called with the other half of a measurement, or with null when it does not come. */
  expect(subject: string, settle: (half: FarHalf | null) => void): void {
    const half = this.early.take(subject);
    if (half === undefined) this.open.add(subject, settle);
    else settle(half);
  }

  /** Another server tells of its half. */
  told({ body }: Message): void {
    const said = halfIn(Buffer.from(body).toString());
    if (said === null) return;
    const settle = this.open.take(said.subject);
    if (settle === undefined) this.early.add(said.subject, said.half);
    else settle(said.half);
  }

  get place(): { readonly server: string; readonly cluster: string } {
    return { server: this.broker.name, cluster: this.clusterName() };
  }

  close(): void {
    for (const waiting of this.all) waiting.close();
  }
}

/** Whose answers end in this; empty for those that are not measured. */
function hashIn(subject: string): string {
  const tokens = subject.split('.');
  return tokens.length === TOKENS && tokens[0] === '_R_' ? (tokens[3] ?? '') : '';
}

function halfIn(json: string): { readonly subject: string; readonly half: FarHalf } | null {
  try {
    const { req_id, m2 } = JSON.parse(json) as { req_id?: unknown; m2?: Record<string, unknown> };
    const responder = m2?.responder as { rtt?: unknown } | undefined;
    if (typeof req_id !== 'string' || typeof m2?.service !== 'number') return null;
    return { subject: req_id, half: { responder, roundTrip: Number(responder?.rtt ?? 0), service: m2.service } };
  } catch {
    return null;
  }
}

/** What is kept for a while, by subject: not longer than its time, and not more than there is room for. */
class Waiting<T> {
  max = 0;
  patienceMs: number;
  forgotten = 0;
  private readonly clock: Clock;
  private readonly expired: (value: T) => void;
  /** The oldest first. */
  private readonly values = new Map<string, { readonly value: T; readonly until: number }>();
  private timer: Timer | null = null;

  constructor(clock: Clock, patienceMs: number, expired: (value: T) => void = () => {}) {
    this.clock = clock;
    this.patienceMs = patienceMs;
    this.expired = expired;
  }

  add(key: string, value: T): void {
    this.values.delete(key);
    this.values.set(key, { value, until: this.clock.monotonic() + this.patienceMs });
    this.makeRoom();
    this.timer ??= this.clock.after(this.patienceMs, () => this.sweep());
  }

  private makeRoom(): void {
    if (this.values.size <= this.max) return;
    this.forgotten++;
    this.end(this.values.keys().next().value as string);
  }

  take(key: string): T | undefined {
    const found = this.values.get(key)?.value;
    this.values.delete(key);
    return found;
  }

  close(): void {
    this.timer?.cancel();
    this.values.clear();
  }

  private sweep(): void {
    this.timer = null;
    const now = this.clock.monotonic();
    for (const [key, { until }] of this.values) {
      if (until > now) break;
      this.end(key);
    }
    if (this.values.size > 0) this.timer = this.clock.after(this.patienceMs, () => this.sweep());
  }

  private end(key: string): void {
    const value = this.take(key);
    if (value !== undefined) this.expired(value);
  }
}
