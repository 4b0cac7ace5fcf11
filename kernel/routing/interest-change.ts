/** How much more or less is wanted, from what the hooks of interest say: they tell that something changed, not by how much. */
import { CLIENT_SINK, type Subscription } from './subscription.ts';

export class InterestChanges {
  /** What members of groups that may stand for several counted for last. */
  private readonly weights = new Map<Subscription, number>();

  /**
   * The members that came, or went, with the call of a hook for this subscription: one for plain ones and clients; for others in a group
   * the change of their weight. To be asked once for each call, whichever hook it is.
   */
  of(subscription: Subscription): number {
    const isThere = subscription.node !== null;
    if (subscription.queue === '' || subscription.kind === CLIENT_SINK) return isThere ? 1 : -1;
    const before = this.weights.get(subscription) ?? 0;
    if (isThere) this.weights.set(subscription, subscription.weight);
    else this.weights.delete(subscription);
    return (isThere ? subscription.weight : 0) - before;
  }
}
