/**
 * The permissions of a user, made once and shared by all connections of that user.
 *
 * Entries are patterns and the subject asked about is text, wildcards included: an allowed `foo.*` admits a subscription
 * to `foo.>`, as it does on every NATS server.
 */
import type { PermissionRules } from './permission-rules.ts';
import type { DeliveryFilter, Permissions, ReplyAllowance } from './permissions.ts';
import { PublishRules } from './publish-rules.ts';
import type { SubjectSet } from './subject-set.ts';
import { SubscribeList } from './subscribe-list.ts';

export class PermissionSet implements Permissions {
  readonly rules: PermissionRules;
  readonly replies: ReplyAllowance | null;
  private readonly publishRules: PublishRules;
  private readonly subscribeAllow: SubscribeList | null;
  private readonly subscribeDeny: SubscribeList;
  private readonly plainFilter: DeliveryFilter;

  constructor(rules: PermissionRules) {
    this.rules = rules;
    this.replies = rules.responses;
    this.publishRules = new PublishRules(rules);
    this.subscribeAllow = rules.subscribe.allow === null ? null : new SubscribeList(rules.subscribe.allow);
    this.subscribeDeny = new SubscribeList(rules.subscribe.deny);
    this.plainFilter = new DeniedSubjects([this.subscribeDeny.plain]);
  }

  mayPublish(bytes: Buffer, start: number, end: number): boolean {
    return this.publishRules.allow(bytes, start, end);
  }

  maySubscribe(subject: string, queue: string): boolean {
    if (this.subscribeAllow !== null && !this.subscribeAllow.allows(subject, queue)) return false;
    return !this.subscribeDeny.denies(subject, queue);
  }

  deliveryFilter(subject: string, queue: string): DeliveryFilter | null {
    const { plain, queued } = this.subscribeDeny;
    const forQueue = queue === '' ? [] : queued.filter((entry) => entry.queues.coversText(queue));
    const colliding = forQueue.map((entry) => entry.subject).filter((denied) => denied.collidesWith(subject));
    const isPlain = plain.collidesWith(subject);
    if (colliding.length > 0) return new DeniedSubjects(isPlain ? [plain, ...colliding] : colliding);
    return isPlain ? this.plainFilter : null;
  }
}

class DeniedSubjects implements DeliveryFilter {
  private readonly denied: readonly SubjectSet[];

  constructor(denied: readonly SubjectSet[]) {
    this.denied = denied;
  }

  allows(bytes: Buffer, start: number, end: number): boolean {
    for (let index = 0; index < this.denied.length; index++) {
      if (this.denied[index]!.covers(bytes, start, end)) return false;
    }
    return true;
  }
}
