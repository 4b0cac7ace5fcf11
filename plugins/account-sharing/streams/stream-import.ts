/**
 * One stream import: messages of the exporter on their way to those who subscribe in the importing account.
 *
 * For every pattern somebody subscribes to here, and that has something to do with the import, a subscription stands in
 * the exporter's Sublist, on the exporter's name for what both have in common. The plain ones are the interest of one
 * link, which gets a message once, however many patterns it matches; it looks up the receivers here by the local
 * subject. Nothing is decided per message but that look-up, and it is remembered while the subject repeats.
 */
import {
  type Account,
  type Broker,
  CROSSED_BY_SERVICE,
  CROSSED_BY_STREAM,
  collide,
  EMPTY_PLAN,
  LINK_SINK,
  type Link,
  type Message,
  type MessageTrace,
  type Plan,
  Subscription,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import type { ImportRule } from '../contract.ts';
import type { SubjectMapping } from '../rules/subject-mapping.ts';
import { QueueBridge } from './queue-bridge.ts';
import { SubjectWriter } from './subject-writer.ts';

const CROSSED = CROSSED_BY_STREAM | CROSSED_BY_SERVICE;
const NO_GROUPS: readonly string[] = [];
const CHANGES_MAX = 8;
const TRY_AGAIN_AFTER = 64;
const NO_BYTES = Buffer.alloc(0);
/** Of the many imports nobody subscribes to; never added to. */
const NO_MIRRORS = new Map<string, Mirror>();

/** What the exporter knows of the interest in one pattern here. */
interface Mirror {
  /** Null: no message that the import brings is called so. */
  readonly subscription: Subscription | null;
  members: number;
}

export interface StreamImportParts {
  readonly broker: Broker;
  readonly rule: ImportRule;
  readonly mapping: SubjectMapping;
  readonly importer: Account;
  readonly exporter: Account;
}

export class StreamImport implements Link {
  readonly kind = LINK_SINK;
  readonly originBit = CROSSED_BY_STREAM;
  readonly refusesOrigins = CROSSED;
  readonly isFallback = false;
  readonly importer: Account;
  readonly exporter: Account;
  /** Replaced by an equal one when the account's rules are said again. */
  rule: ImportRule;
  private readonly broker: Broker;
  private readonly mapping: SubjectMapping;
  private bridge: QueueBridge | null = null;
  private mirrors = NO_MIRRORS;
  /** The last subject, what it is called here, and who gets it; good for one generation of the importer's Sublist. */
  private foreignBytes: Buffer = NO_BYTES;
  private foreignLength = -1;
  /** Null where the names are the same, and until there is a message. */
  private writer: SubjectWriter | null = null;
  private localLength = 0;
  private plan: Plan = EMPTY_PLAN;
  private planGeneration = 0;
  private underWay = 0;
  /** How many subjects in a row were not the one before. */
  private changes = 0;

  constructor({ broker, rule, mapping, importer, exporter }: StreamImportParts) {
    this.broker = broker;
    this.rule = rule;
    this.mapping = mapping;
    this.importer = importer;
    this.exporter = exporter;
  }

  get localPattern(): string {
    return this.mapping.localPattern;
  }

  /** From now on the exporter is told of new interest with `noteInterest`; here of what there is. */
  start(): void {
    for (const subscription of this.importer.sublist.subscriptions()) {
      this.noteInterest(subscription.pattern, subscription.queue, subscription);
    }
  }

  stop(): void {
    for (const { subscription } of this.mirrors.values()) {
      if (subscription !== null) this.exporter.sublist.remove(subscription);
    }
    this.mirrors = NO_MIRRORS;
  }

  /** A subscription was added here, removed, or stands for another number of members. */
  noteInterest(pattern: string, queue: string, subscription: Subscription): void {
    if (!isOfThisAccount(subscription) || !collide(pattern, this.mapping.localPattern)) return;
    if (subscription.kind === LINK_SINK && queue !== '') this.recount(pattern, queue);
    else if (subscription.node !== null) this.addMember(pattern, queue, subscription.weight);
    else this.removeMember(pattern, queue, subscription.weight);
  }

  deliver(message: Message): boolean {
    const { subjectBytes, subjectStart, subjectEnd, originBit, originCluster, queues } = message;
    const plan = this.enter(message);
    message.queues = NO_GROUPS;
    this.underWay++;
    const count = this.broker.dispatcher.dispatch(plan, message);
    this.underWay--;
    message.queues = queues;
    message.originBit = originBit;
    message.originCluster = originCluster;
    message.subjectBytes = subjectBytes;
    message.subjectStart = subjectStart;
    message.subjectEnd = subjectEnd;
    return count > 0;
  }

  deliverTraced(message: Message, _subscriptions: unknown, trace: MessageTrace): boolean {
    const { dispatcher } = this.broker;
    return this.crossTraced(message, trace, (plan, crossed, isTraced) => {
      crossed.queues = NO_GROUPS;
      return (isTraced ? dispatcher.dispatchTraced(plan, crossed, trace) : dispatcher.dispatch(plan, crossed)) > 0;
    });
  }

  /** One member of a queue group here is to get it. */
  deliverToGroup(message: Message, queue: string): boolean {
    if ((message.originBit & CROSSED) !== 0) return false;
    return this.cross(message, (plan) => this.broker.dispatcher.dispatchToGroup(plan, message, queue, null));
  }

  deliverToGroupTraced(message: Message, queue: string, trace: MessageTrace): boolean {
    if ((message.originBit & CROSSED) !== 0) return false;
    const { dispatcher } = this.broker;
    return this.crossTraced(message, trace, (plan, crossed, isTraced) =>
      dispatcher.dispatchToGroup(plan, crossed, queue, isTraced ? trace : null),
    );
  }

  /**
   * Gives the message its name here, and answers who gets it. The caller gives back what it takes away. While one message
   * is on its way its name must stay where it is, so one that comes in between is looked up for itself.
   */
  private enter(message: Message): Plan {
    message.originBit |= CROSSED_BY_STREAM;
    // Where it came from in the other account says nothing in this one.
    message.originCluster = '';
    if (this.underWay > 0) return this.enterNested(message);
    if (this.planGeneration !== this.importer.sublist.generation || !this.isRepeated(message)) {
      this.lookUp(message);
      return this.plan;
    }
    this.changes = 0;
    if (this.writer !== null) this.rename(message, this.writer.bytes, this.localLength);
    return this.plan;
  }

  private enterNested(message: Message): Plan {
    const { sublist } = this.importer;
    if (this.writer !== null) {
      const writer = this.newWriter();
      const length = writer.write(message.subjectBytes, message.subjectStart, message.subjectEnd);
      this.rename(message, writer.bytes, length);
    }
    return sublist.match(message.subjectBytes, message.subjectStart, message.subjectEnd);
  }

  private rename(message: Message, bytes: Buffer, length: number): void {
    message.subjectBytes = bytes;
    message.subjectStart = 0;
    message.subjectEnd = length;
  }

  private isRepeated({ subjectBytes, subjectStart, subjectEnd }: Message): boolean {
    const known = this.foreignBytes;
    const length = subjectEnd - subjectStart;
    if (this.foreignLength !== length) return false;
    // From the end, where subjects differ.
    for (let at = length - 1; at >= 0; at--) if (known[at] !== subjectBytes[subjectStart + at]) return false;
    return true;
  }

  private lookUp(message: Message): void {
    const { sublist } = this.importer;
    if (this.writer === null && !this.mapping.isIdentity) this.writer = this.newWriter();
    // Where subjects change all the time, remembering them is in vain; now and then it is tried again.
    if (++this.changes < CHANGES_MAX || this.changes % TRY_AGAIN_AFTER === 0) this.remember(message);
    else this.foreignLength = -1;
    if (this.writer !== null) {
      this.localLength = this.writer.write(message.subjectBytes, message.subjectStart, message.subjectEnd);
      this.rename(message, this.writer.bytes, this.localLength);
    }
    this.planGeneration = sublist.generation;
    this.plan = sublist.match(message.subjectBytes, message.subjectStart, message.subjectEnd);
  }

  private remember({ subjectBytes, subjectStart, subjectEnd }: Message): void {
    const length = subjectEnd - subjectStart;
    if (this.foreignBytes.length < length) this.foreignBytes = Buffer.allocUnsafeSlow(2 * length);
    const target = this.foreignBytes;
    for (let at = 0; at < length; at++) target[at] = subjectBytes[subjectStart + at] as number;
    this.foreignLength = length;
  }

  private newWriter(): SubjectWriter {
    const { local, positions, restAt } = this.mapping;
    return new SubjectWriter(local, positions, restAt);
  }

  private cross(message: Message, serve: (plan: Plan) => boolean): boolean {
    const { subjectBytes, subjectStart, subjectEnd, originBit, originCluster, queues } = message;
    const plan = this.enter(message);
    this.underWay++;
    const isTaken = serve(plan);
    this.underWay--;
    message.queues = queues;
    message.originBit = originBit;
    message.originCluster = originCluster;
    message.subjectBytes = subjectBytes;
    message.subjectStart = subjectStart;
    message.subjectEnd = subjectEnd;
    return isTaken;
  }

  /** The border shows in the trace; behind it the trace goes on only if the import says so. */
  private crossTraced(
    message: Message,
    trace: MessageTrace,
    serve: (plan: Plan, crossed: Message, isTraced: boolean) => boolean,
  ): boolean {
    const { allowsTrace } = this.rule;
    return this.cross(message, (plan) => {
      trace.add(message, 'se', { acc: this.importer.name, to: textFromSubject(message.subject) });
      if (allowsTrace) return serve(plan, message, true);
      return !trace.isOnly && serve(plan, message, false);
    });
  }

  // --- interest ----------------------------------------------------------------------------------------------------

  private addMember(pattern: string, queue: string, weight: number): void {
    const mirror = this.mirrors.get(keyOf(pattern, queue)) ?? this.addMirror(pattern, queue);
    this.count(mirror, mirror.members + weight);
  }

  private removeMember(pattern: string, queue: string, weight: number): void {
    const key = keyOf(pattern, queue);
    const mirror = this.mirrors.get(key);
    if (mirror === undefined) return;
    if (mirror.members > weight) {
      this.count(mirror, mirror.members - weight);
      return;
    }
    this.mirrors.delete(key);
    if (mirror.subscription !== null) this.exporter.sublist.remove(mirror.subscription);
  }

  /** A link's weight changed, which says nothing of what it was before. */
  private recount(pattern: string, queue: string): void {
    const weight = this.importer.sublist.weightOf(pattern, queue);
    if (weight === 0) this.removeMember(pattern, queue, Number.POSITIVE_INFINITY);
    else this.count(this.mirrors.get(keyOf(pattern, queue)) ?? this.addMirror(pattern, queue), weight);
  }

  private count(mirror: Mirror, members: number): void {
    const { subscription } = mirror;
    mirror.members = members;
    if (subscription !== null && subscription.queue !== '') this.exporter.sublist.setWeight(subscription, members);
  }

  private addMirror(pattern: string, queue: string): Mirror {
    const foreign = this.mapping.narrowed(pattern);
    if (queue !== '') this.bridge ??= new QueueBridge(this);
    const sink = queue === '' ? this : (this.bridge as QueueBridge);
    const subscription = foreign === null ? null : new Subscription(sink, foreign, queue, '');
    const mirror = { subscription, members: 0 };
    if (this.mirrors === NO_MIRRORS) this.mirrors = new Map();
    this.mirrors.set(keyOf(pattern, queue), mirror);
    if (subscription !== null) this.exporter.sublist.insert(subscription);
    return mirror;
  }
}

/** What is imported is not passed on: neither into a third account nor, from here, to another server. */
function isOfThisAccount({ sink, kind, staysHere }: Subscription): boolean {
  if (staysHere || sink instanceof QueueBridge) return false;
  return kind !== LINK_SINK || ((sink as Link).refusesOrigins & CROSSED_BY_STREAM) === 0;
}

function keyOf(pattern: string, queue: string): string {
  return queue === '' ? pattern : `${pattern} ${queue}`;
}
