/** Which consumers send to a subject: they hear when somebody begins to listen there, and when the last one leaves. */
import type { Account } from '../../../kernel/plugin-api.ts';
import type { Consumer } from './consumer.ts';

const NOBODY: ReadonlySet<Consumer> = new Set();

export class PushTargets {
  private readonly byPlace = new Map<string, Set<Consumer>>();

  of(account: Account, subject: string): ReadonlySet<Consumer> {
    return this.byPlace.get(placeOf(account, subject)) ?? NOBODY;
  }

  add(consumer: Consumer, subject: string): void {
    const place = placeOf(consumer.account, subject);
    const known = this.byPlace.get(place);
    if (known === undefined) this.byPlace.set(place, new Set([consumer]));
    else known.add(consumer);
  }

  remove(consumer: Consumer, subject: string): void {
    const place = placeOf(consumer.account, subject);
    const known = this.byPlace.get(place);
    known?.delete(consumer);
    if (known?.size === 0) this.byPlace.delete(place);
  }
}

function placeOf({ name }: Account, subject: string): string {
  return `${subject} ${name}`;
}
