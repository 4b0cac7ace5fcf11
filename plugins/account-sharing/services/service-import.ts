/**
 * One service import: requests of the importing account on their way to the exporter's responders.
 *
 * It stands as a subscription on the local subject in the importer's Sublist, and answers whether somebody took the
 * request, so that a requester is told at once when nobody does.
 */
import {
  type Account,
  type Broker,
  CROSSED_BY_SERVICE,
  CROSSED_BY_STREAM,
  EMPTY_PLAN,
  MAY_ASK_SERVICES,
  type Message,
  type MessageTrace,
  type Plan,
  requesterBehind,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import type { ImportRule, ServiceExport } from '../contract.ts';
import type { SubjectMapping } from '../rules/subject-mapping.ts';
import { withTraceDisabled, withTraceTo } from '../trace-border.ts';
import type { Crossing, Crossings } from './crossings.ts';
import { LatencyMeasure, sampleOf } from './latency.ts';
import { PendingRequests, type PendingSurroundings } from './pending-requests.ts';
import type { RemoteMeasures } from './remote-measures.ts';
import { RequesterInfos } from './requester-info.ts';
import type { PendingRequest, Responses } from './responses.ts';

/** Acknowledgements keep their subject: they go back by another way. */
const ACKNOWLEDGEMENT = '$JS.ACK.';
const NO_BYTES = Buffer.alloc(0);
const LOOK_ALWAYS = -1;

export interface ServiceImportParts {
  readonly broker: Broker;
  readonly rule: ImportRule;
  readonly source: ServiceExport;
  readonly mapping: SubjectMapping;
  readonly importer: Account;
  /** Of the exporter. */
  readonly responses: Responses;
  readonly crossings: Crossings;
  readonly measures: RemoteMeasures;
  /** How many requests may be under way. */
  readonly pendingMax: number;
  readonly surroundings: PendingSurroundings;
}

export class ServiceImport implements ServiceSink {
  readonly kind = SERVICE_SINK;
  readonly importer: Account;
  /** Replaced by an equal one when the account's rules are said again. */
  rule: ImportRule;
  pending: PendingRequests;
  private current: ServiceExport;
  private readonly parts: ServiceImportParts;
  private readonly exporter: Account;
  private readonly infos: RequesterInfos;
  private readonly subscription: Subscription;
  /** The last local subject, what the exporter calls it, and who takes it there; good for one generation. */
  private localBytes: Buffer = NO_BYTES;
  private subject: Buffer = NO_BYTES;
  private plan: Plan = EMPTY_PLAN;
  private planGeneration = LOOK_ALWAYS;

  constructor(parts: ServiceImportParts) {
    this.parts = parts;
    this.importer = parts.importer;
    this.exporter = parts.responses.account;
    this.rule = parts.rule;
    this.current = parts.source;
    this.pending = this.newPending();
    this.infos = new RequesterInfos({
      place: () => parts.measures.place,
      importer: parts.importer,
      sharesRequester: parts.rule.sharesRequester,
      tellsServer: this.exporter.isSystem,
    });
    this.subscription = new Subscription(this, parts.mapping.localPattern, '', '');
    this.subscription.staysHere = true;
  }

  get source(): ServiceExport {
    return this.current;
  }

  /** What the export says of answers holds for the requests that follow. */
  set source(source: ServiceExport) {
    if (source.responseThresholdMs !== this.current.responseThresholdMs) this.pending = this.newPending();
    this.current = source;
  }

  start(): void {
    this.importer.sublist.insert(this.subscription);
  }

  /** Requests under way may still be answered. */
  stop(): void {
    this.importer.sublist.remove(this.subscription);
  }

  deliver(message: Message): boolean {
    return this.cross(message, null);
  }

  deliverTraced(message: Message, _subscription: Subscription, trace: MessageTrace): boolean {
    return this.cross(message, trace);
  }

  /** The requesters are gone for good. */
  abandon(): void {
    this.pending.forgetAll();
  }

  /**
   * What came over a line to another server, or out of a stream import, is no request of this account's: a request is
   * sent on its way where it is published.
   */
  private cross(request: Message, trace: MessageTrace | null): boolean {
    const { crossings } = this.parts;
    if (!mayAsk(request.originBit)) return false;
    const crossing = crossings.enter(this, request);
    if (crossing === null) return false;
    const isTaken = this.send(request, crossing, trace);
    crossings.leave(crossing);
    return isTaken;
  }

  private send(request: Message, crossing: Crossing, trace: MessageTrace | null): boolean {
    if (this.planGeneration !== this.exporter.sublist.generation || !this.isRepeated(request)) this.lookUp(request);
    const { plan, subject } = this;
    if (trace !== null) {
      trace.add(request, 'si', {
        acc: this.exporter.name,
        from: textFromSubject(request.subject),
        to: textOf(subject),
      });
    }
    const opened = plan.isEmpty || trace?.isOnly === true ? null : this.open(request);
    const isTaken = !plan.isEmpty && this.dispatch(request, crossing, opened, trace);
    if (opened !== null && !isTaken) opened.responses.forget(opened);
    if (!request.hasReply) this.measureFor(request)?.failed('no-reply');
    else if (opened === null && !isTaken) this.measureFor(request)?.failed('no-responders');
    else if (!isTaken) opened?.measure?.failed('no-responders');
    return isTaken;
  }

  private dispatch(
    request: Message,
    crossing: Crossing,
    opened: PendingRequest | null,
    trace: MessageTrace | null,
  ): boolean {
    const { plan, subject } = this;
    const { dispatcher } = this.parts.broker;
    const isTraced = trace !== null && this.current.allowsTrace;
    if (trace?.isOnly && !isTraced) return true;
    const source = trace === null ? request : this.traced(request, crossing, trace);
    crossing.info = this.infos.infoFor(requesterBehind(request.origin), crossing.previous?.info ?? null);
    const reply = opened === null ? keptReply(request) : Buffer.from(opened.subject, 'latin1');
    const message = crossing.frame.fill(source, crossing.info, subject, reply);
    message.originBit = CROSSED_BY_SERVICE;
    return (isTraced ? dispatcher.dispatchTraced(plan, message, trace) : dispatcher.dispatch(plan, message)) > 0;
  }

  /** The request with what its header says of the trace put right for the exporter. */
  private traced(request: Message, crossing: Crossing, trace: MessageTrace): Message {
    if (!this.current.allowsTrace) return withTraceDisabled(request);
    const before = crossing.previous?.traceTo ?? '';
    const reply = before === '' ? trace.destination : before;
    const { responses } = this.parts;
    const { responseThresholdMs: thresholdMs } = this.current;
    const requester = this.importer;
    const opened = responses.open({
      reply,
      requester,
      owner: this.pending,
      type: 'stream',
      thresholdMs,
      measure: null,
    });
    crossing.traceTo = opened.subject;
    return withTraceTo(request, opened.subject);
  }

  /** Null where the reply stays what it is. */
  private open(request: Message): PendingRequest | null {
    const { reply } = request;
    if (reply === '' || reply.startsWith(ACKNOWLEDGEMENT)) return null;
    const { responses: type, responseThresholdMs: thresholdMs } = this.current;
    const measure = this.measureFor(request);
    const { importer: requester, pending: owner } = this;
    return this.parts.responses.open({ reply, requester, owner, type, thresholdMs, measure });
  }

  private measureFor(request: Message): LatencyMeasure | null {
    const { latency: rule } = this.current;
    if (rule === null) return null;
    const { broker, measures } = this.parts;
    const sample = sampleOf(rule, request, broker);
    if (sample === null) return null;
    const client = requesterBehind(request.origin);
    const requestor = this.infos.told(client);
    return new LatencyMeasure({ broker, exporter: this.exporter, rule, client, measures, requestor, sample });
  }

  private isRepeated({ subjectBytes, subjectStart, subjectEnd }: Message): boolean {
    const known = this.localBytes;
    const length = subjectEnd - subjectStart;
    if (known.length !== length) return false;
    for (let at = length - 1; at >= 0; at--) if (known[at] !== subjectBytes[subjectStart + at]) return false;
    return true;
  }

  /** The exporter's mappings have their say, as for a message that is published there. */
  private lookUp(request: Message): void {
    const { sublist, mappings } = this.exporter;
    const local = request.subject;
    let subject: string | null = this.parts.mapping.toForeign(local);
    this.localBytes = Buffer.from(local, 'latin1');
    this.planGeneration = sublist.generation;
    const mapped = mappings?.find(subject) ?? null;
    if (mapped !== null) {
      if (!mapped.isDeterministic) this.planGeneration = LOOK_ALWAYS;
      subject = mapped.apply(subject);
    }
    this.subject = Buffer.from(subject ?? '', 'latin1');
    this.plan = subject === null ? EMPTY_PLAN : sublist.match(this.subject, 0, this.subject.length);
  }

  private newPending(): PendingRequests {
    return new PendingRequests(this.parts.pendingMax, this.parts.surroundings);
  }
}

function mayAsk(origin: number): boolean {
  if ((origin & CROSSED_BY_STREAM) !== 0) return false;
  return (origin & ~CROSSED_BY_SERVICE) === 0 || (origin & MAY_ASK_SERVICES) !== 0;
}

function keptReply({ hasReply, replyBytes, replyStart, replyEnd }: Message): Buffer | null {
  return hasReply ? Buffer.from(replyBytes.subarray(replyStart, replyEnd)) : null;
}

function textOf(subject: Buffer): string {
  return subject.toString('utf8');
}
