/**
 * The subscriptions of one account: what was asked for, by whom, and the prepared answer for every published subject.
 *
 * `generation` moves with every change; an answer may be kept as long as it stands still. There is no cache of
 * subjects: the walk is cheap, and what it finds leads to a plan that is already built.
 */
import { buildPlan, EMPTY_PLAN, type Plan } from './plan.ts';
import { PlanMemo } from './plan-memo.ts';
import { SubjectTree, subject as walked } from './subject-tree.ts';
import type { Subscription } from './subscription.ts';

let interestCount = 0;
const NOBODY: readonly Subscription[] = [];

/** Everything that one pattern holds. */
export class Interest {
  /** Tells sets of patterns apart cheaply. */
  readonly id = ++interestCount;
  plain: readonly Subscription[] = NOBODY;
  queues: Map<string, Subscription[]> | null = null;
  /** How many of the plain ones nobody is told of. */
  staying = 0;
  /** The Sublist's generation when this pattern last changed. */
  changedAt = 0;
  plan: Plan | null = null;

  get isEmpty(): boolean {
    return this.plain.length === 0 && this.queues === null;
  }
}

/** Told about interest as other servers need to know it: per pattern and queue, first, changed and last. */
export interface InterestListener {
  first(pattern: string, queue: string, subscription: Subscription): void;
  /** One more or one less of several, or a new weight. */
  changed(pattern: string, queue: string, subscription: Subscription): void;
  last(pattern: string, queue: string, subscription: Subscription): void;
  /** One that nobody else is told of came or went. */
  staying?(subscription: Subscription): void;
}

export interface CombinedPlan {
  interests: Interest[];
  builtAt: number;
  plan: Plan;
}

const COMBINED_MAX = 1024;
const DOLLAR = 36;
/** With less behind what was looked at, to look again is as quick. */
const TAIL_BYTES_MIN = 8;

export class Sublist {
  generation = 1;
  inserts = 0;
  removes = 0;
  matches = 0;
  /** Null while nobody listens. */
  listener: InterestListener | null = null;
  /** What is served in every account without a subscription in each: subjects that begin with `$`. Null: nothing. */
  everywhere: Sublist | null = null;
  private subscriptionCount = 0;
  private readonly tree = new SubjectTree<Interest>();
  /** Plans made of several patterns. */
  readonly combined = new Map<number, CombinedPlan>();
  private readonly memo = new PlanMemo();

  get count(): number {
    return this.subscriptionCount;
  }

  insert(subscription: Subscription): void {
    const node = this.tree.ensure(subscription.pattern);
    if (node.value === null) this.tree.setValue(node, new Interest());
    const interest = node.value as Interest;
    subscription.node = node;
    putIn(interest, subscription);
    this.subscriptionCount++;
    this.inserts++;
    this.touch(interest);
    if (subscription.staysHere) {
      interest.staying++;
      this.listener?.staying?.(subscription);
    } else if (this.listener !== null)
      this.tell(toldCount(interest, subscription) === 1 ? 'first' : 'changed', subscription);
  }

  /** False when the subscription does not stand here. */
  remove(subscription: Subscription): boolean {
    const node = subscription.node;
    if (node === null || node.value === null) return false;
    const interest = node.value;
    takeOut(interest, subscription);
    subscription.node = null;
    this.subscriptionCount--;
    this.removes++;
    this.touch(interest);
    if (interest.isEmpty) this.tree.removeValue(node);
    if (subscription.staysHere) {
      interest.staying--;
      this.listener?.staying?.(subscription);
    } else if (this.listener !== null)
      this.tell(toldCount(interest, subscription) === 0 ? 'last' : 'changed', subscription);
    return true;
  }

  removeAll(subscriptions: Iterable<Subscription>): void {
    for (const subscription of subscriptions) this.remove(subscription);
  }

  /** A link's member count of a queue group changed. */
  setWeight(subscription: Subscription, weight: number): void {
    if (subscription.weight === weight) return;
    subscription.weight = weight;
    if (subscription.node?.value == null) return;
    this.touch(subscription.node.value);
    if (this.listener !== null) this.tell('changed', subscription);
  }

  /** Who gets a message on this subject. */
  match(bytes: Buffer, start: number, end: number): Plan {
    this.matches++;
    const { memo } = this;
    if (memo.knows(this, bytes, start, end)) return memo.plan;
    const plan = this.walk(bytes, start, end);
    const { lookedEnd } = walked;
    if (lookedEnd > 0 && lookedEnd + TAIL_BYTES_MIN < end && !plan.isEmpty)
      memo.note(this, bytes, start, lookedEnd, end, plan);
    return plan;
  }

  private walk(bytes: Buffer, start: number, end: number): Plan {
    const { everywhere } = this;
    const count = this.tree.match(bytes, start, end);
    if (everywhere !== null && bytes[start] === DOLLAR) {
      const shared = this.tree.size > 0 ? everywhere.tree.matchSame() : everywhere.tree.match(bytes, start, end);
      if (shared > 0) return this.planWith(count, everywhere, shared);
    }
    if (count === 0) return EMPTY_PLAN;
    return count === 1 ? this.planOf(this.tree.matched[0]) : this.combinedPlan(count);
  }

  matchSubject(subject: string): Plan {
    const bytes = Buffer.from(subject, 'latin1');
    return this.match(bytes, 0, bytes.length);
  }

  /** How many members of a queue group stand under one pattern, those that stand for several counted as such. */
  weightOf(pattern: string, queue: string): number {
    let weight = 0;
    for (const member of this.tree.find(pattern)?.value?.queues?.get(queue) ?? []) weight += member.weight;
    return weight;
  }

  hasInterest(subject: string): boolean {
    return !this.matchSubject(subject).isEmpty;
  }

  *subscriptions(): IterableIterator<Subscription> {
    for (const interest of this.tree.values()) yield* everyoneIn(interest);
  }

  /** For paging through a large list: slots from 0 to slotCount - 1, each with the subscriptions of one pattern or none. */
  get slotCount(): number {
    return this.tree.slotCount;
  }

  *subscriptionsAt(slot: number): IterableIterator<Subscription> {
    const interest = this.tree.valueAt(slot);
    if (interest !== null) yield* everyoneIn(interest);
  }

  /** Of what both trees have just matched. Not kept: subjects that are served everywhere are rare. */
  private planWith(count: number, everywhere: Sublist, shared: number): Plan {
    const interests = [...this.tree.matched.slice(0, count), ...everywhere.tree.matched.slice(0, shared)];
    return buildPlan(interests, interests.length);
  }

  private planOf(interest: Interest): Plan {
    interest.plan ??= buildPlan([interest], 1);
    return interest.plan;
  }

  private combinedPlan(count: number): Plan {
    const matched = this.tree.matched;
    let key = count;
    for (let at = 0; at < count; at++) key = (Math.imul(key, 31) + matched[at].id) | 0;
    const known = this.combined.get(key);
    if (known !== undefined && this.isStillTrue(known, count)) return known.plan;
    const plan = buildPlan(matched, count);
    if (this.combined.size >= COMBINED_MAX) this.combined.clear();
    this.combined.set(key, { interests: matched.slice(0, count), builtAt: this.generation, plan });
    return plan;
  }

  private isStillTrue(known: CombinedPlan, count: number): boolean {
    if (known.interests.length !== count) return false;
    for (let at = 0; at < count; at++) {
      const interest = known.interests[at];
      if (interest !== this.tree.matched[at] || interest.changedAt > known.builtAt) return false;
    }
    return true;
  }

  private touch(interest: Interest): void {
    interest.changedAt = ++this.generation;
    interest.plan = null;
  }

  private tell(what: 'first' | 'changed' | 'last', subscription: Subscription): void {
    this.listener?.[what](subscription.pattern, subscription.queue, subscription);
  }
}

function listOf(interest: Interest, queue: string): Subscription[] | undefined {
  return (queue === '' ? interest.plain : interest.queues?.get(queue)) as Subscription[] | undefined;
}

/** How many of the subscription's kind stand under the pattern, without those nobody is told of. */
function toldCount(interest: Interest, { queue }: Subscription): number {
  return queue === '' ? interest.plain.length - interest.staying : (interest.queues?.get(queue)?.length ?? 0);
}

/** A list of one is made with one place: most stay so. */
function putIn(interest: Interest, subscription: Subscription): void {
  const list = listOf(interest, subscription.queue);
  subscription.position = list?.length ?? 0;
  if (list !== undefined && list.length > 0) list.push(subscription);
  else if (subscription.queue === '') {
    interest.plain = [subscription];
  } else {
    interest.queues ??= new Map();
    interest.queues.set(subscription.queue, [subscription]);
  }
}

/** Removes by swapping with the last. */
function takeOut(interest: Interest, subscription: Subscription): void {
  const list = listOf(interest, subscription.queue) as Subscription[];
  const last = list.pop() as Subscription;
  if (last !== subscription) {
    list[subscription.position] = last;
    last.position = subscription.position;
  }
  subscription.position = -1;
  if (list.length > 0) return;
  if (subscription.queue === '') interest.plain = NOBODY;
  else if (interest.queues !== null) {
    interest.queues.delete(subscription.queue);
    if (interest.queues.size === 0) interest.queues = null;
  }
}

function* everyoneIn(interest: Interest): IterableIterator<Subscription> {
  yield* interest.plain;
  for (const members of interest.queues?.values() ?? []) yield* members;
}
