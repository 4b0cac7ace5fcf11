/** Tells the listener of a store how far it has got, each ticket once. */
import type { DurabilityListener } from '../contract.ts';
import type { StoreWorld } from './store-world.ts';

interface Teller {
  readonly durableTicket: number;
  readonly isFailed: boolean;
  readonly listener: DurabilityListener | null;
  readonly world: StoreWorld;
}

export class DurableTelling {
  private readonly store: Teller;
  private told = 0;
  private isWaiting = false;

  constructor(store: Teller) {
    this.store = store;
  }

  now(): void {
    const { durableTicket, isFailed, listener } = this.store;
    if (isFailed || durableTicket <= this.told) return;
    this.told = durableTicket;
    listener?.durable(durableTicket);
  }

  /** At the end of the turn, once for all that is written in it. */
  soon(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.store.world.clock.afterInput(() => {
      this.isWaiting = false;
      this.now();
    });
  }
}
