/** Clients that pull from one consumer as a group: who of them is served, and who waits. */
import { groupPinned, groupUnpinned } from '../../../protocols/jetstream/advisories.ts';
import { isValidGroup } from '../../../protocols/jetstream/consumer-priority.ts';
import type { PullRequest } from '../../../protocols/jetstream/pull-request.ts';
import { badRequest, PIN_MISMATCH, type Status } from '../../../protocols/jetstream/status.ts';
import { uniqueId } from '../wire/identifiers.ts';
import type { Consumer } from './consumer.ts';
import type { WaitingRequest } from './waiting-request.ts';

const NANOS_PER_MS = 1e6;

export class PriorityGroup {
  /** Of the one client that is served; empty while there is none. */
  pinnedId = '';
  /** By which of the names it asked. */
  private pinnedGroup = '';
  /** Zero for never, in milliseconds. */
  pinnedAt = 0;
  /** When the one client has to have asked again. */
  private pinDue = Number.POSITIVE_INFINITY;
  private readonly consumer: Consumer;

  constructor(consumer: Consumer) {
    this.consumer = consumer;
  }

  get name(): string {
    return this.consumer.config.priorityGroups[0] ?? '';
  }

  private get policy(): string {
    return this.consumer.config.priorityPolicy;
  }

  /** Why a request is not taken; null where it is. */
  refusalOf(request: PullRequest): Status | null {
    const { policy } = this;
    if (policy !== 'overflow' && (request.minPending > 0 || request.minAckPending > 0)) {
      return badRequest('Not a Overflow Priority consumer');
    }
    if (policy !== 'pinned_client' && request.id !== '') return badRequest('Not a Pinned Client Priority consumer');
    if (request.priority < 0 || request.priority > 9) return badRequest('Priority must be between 0 and 9');
    if (policy === 'none' || !request.isObject) return null;
    if (request.group === '') return badRequest('Priority Group missing');
    if (!isValidGroup(request.group) || !this.consumer.config.priorityGroups.includes(request.group)) {
      return badRequest('Invalid Priority Group');
    }
    if (request.id === '' || this.pinnedId === '') return null;
    if (request.id !== this.pinnedId) return PIN_MISMATCH;
    this.restart();
    return null;
  }

  /** Those who ask with more urgency stand in front of those with less. */
  levelOf(request: WaitingRequest): number {
    return this.policy === 'prioritized' ? request.priority : 0;
  }

  /** Whether a request may be served now; `stale` where it names a client that is served no more. */
  admits(request: WaitingRequest): 'yes' | 'no' | 'stale' {
    switch (this.policy) {
      case 'overflow':
        return this.overflows(request) ? 'yes' : 'no';
      case 'pinned_client':
        return this.admitsPinned(request);
      default:
        return 'yes';
    }
  }

  private overflows({ minPending, minAckPending }: WaitingRequest): boolean {
    if (minPending === 0 && minAckPending === 0) return true;
    const { pendingCount, pending } = this.consumer.machine;
    return (minPending > 0 && pendingCount >= minPending) || (minAckPending > 0 && pending.size >= minAckPending);
  }

  private admitsPinned(request: WaitingRequest): 'yes' | 'no' | 'stale' {
    if (this.pinnedId !== '') {
      if (request.pinId === this.pinnedId) return 'yes';
      return request.pinId === '' ? 'no' : 'stale';
    }
    if (request.pinId !== '') return 'stale';
    if (request.group === '') return 'yes';
    this.pin(request);
    return 'yes';
  }

  private pin(request: WaitingRequest): void {
    const { of, stream, name } = this.consumer;
    this.pinnedId = uniqueId(of.random);
    this.pinnedAt = of.clock.now();
    request.pinId = this.pinnedId;
    this.pinnedGroup = request.group;
    this.restart();
    const { pinnedId } = this;
    of.advise(
      stream.account,
      (head) => groupPinned(head, this.told(request.group), pinnedId),
      `$JS.EVENT.ADVISORY.CONSUMER.PINNED.${stream.name}.${name}`,
    );
  }

  /** From now on the next who asks is the one. It is told of even where nobody was. */
  unpin(reason: 'admin' | 'timeout', group = this.pinnedGroup): void {
    this.pinnedId = '';
    this.pinnedAt = 0;
    this.pinDue = Number.POSITIVE_INFINITY;
    const { of, stream, name } = this.consumer;
    of.advise(
      stream.account,
      (head) => groupUnpinned(head, this.told(group), reason),
      `$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.${stream.name}.${name}`,
    );
  }

  expire(now: number): void {
    if (this.pinDue <= now) this.unpin('timeout');
  }

  get nextDue(): number {
    return this.pinDue;
  }

  private restart(): void {
    const { of, config } = this.consumer;
    this.pinDue = of.clock.now() + Number(config.priorityTimeout) / NANOS_PER_MS;
  }

  private told(group: string): Parameters<typeof groupPinned>[1] {
    const { stream, name } = this.consumer;
    return { account: stream.account.name, stream: stream.name, consumer: name, group };
  }
}
