/** Whether anybody wants events: asked for each, answered from memory until the subscriptions of the system account change. */
import { type Account, collide } from '../../../kernel/plugin-api.ts';

const EVENTS = ['$SYS.ACCOUNT.>', '$SYS.SERVER.>'];
/** Of more subscriptions than these some will want events. */
const LOOKED_AT_MAX = 256;

export class Watchers {
  readonly #system: Account;
  #generation = 0;
  #isAny = false;

  constructor(system: Account) {
    this.#system = system;
  }

  get isAny(): boolean {
    const { sublist } = this.#system;
    if (this.#generation === sublist.generation) return this.#isAny;
    this.#generation = sublist.generation;
    this.#isAny = sublist.count > LOOKED_AT_MAX || this.#find();
    return this.#isAny;
  }

  wants(subject: string): boolean {
    return this.isAny && this.#system.sublist.hasInterest(subject);
  }

  #find(): boolean {
    for (const { pattern } of this.#system.sublist.subscriptions()) {
      if (EVENTS.some((events) => collide(pattern, events))) return true;
    }
    return false;
  }
}
