/** Leaving in an orderly way: no new clients, the others are told and then sent away one by one. */
import type { Broker } from './broker.ts';
import { CloseReason } from './connection/close-reason.ts';
import type { Connection } from './connection/connection.ts';
import type { Timer } from './ports/ports.ts';

/** Clients are never sent away more slowly than this. */
const LONGEST_STEP_MS = 1000;

export class LameDuck {
  private readonly broker: Broker;
  private readonly shutDown: () => Promise<void>;
  private going: Promise<void> | null = null;
  private timer: Timer | null = null;
  private wake: (() => void) | null = null;
  private isStopped = false;

  constructor(broker: Broker, shutDown: () => Promise<void>) {
    this.broker = broker;
    this.shutDown = shutDown;
  }

  /** Fulfilled when everything is closed. Later calls answer the same promise. */
  begin(): Promise<void> {
    this.going ??= this.run();
    return this.going;
  }

  /** Somebody closes at once: waits for nothing more. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.wake?.();
  }

  private async run(): Promise<void> {
    const { broker } = this;
    const { lameDuckGraceMs, lameDuckDurationMs } = broker.options;
    broker.log.info('Entering lame duck mode, stop accepting new clients');
    broker.isLameDuck = true;
    await broker.listener.close();
    await broker.hooks.serverLameDuck.slot?.(broker);
    if (this.clients().length > 0) {
      broker.announceInfo();
      broker.isLameDuckTold = true;
      await this.pause(lameDuckGraceMs);
      if (!this.isStopped) await this.sendAway(lameDuckDurationMs - lameDuckGraceMs);
    }
    await this.shutDown();
  }

  private async sendAway(withinMs: number): Promise<void> {
    this.broker.log.info('Closing existing clients');
    const clients = this.clients();
    const step = Math.min(LONGEST_STEP_MS, withinMs / clients.length);
    let isFirst = true;
    for (const client of clients) {
      // Nobody waits for those who have left meanwhile, nor behind the last.
      if (client.isClosed) continue;
      if (!isFirst) await this.pause(step / 2 + this.broker.random.fraction() * (step / 2));
      if (this.isStopped) return;
      isFirst = false;
      client.close(CloseReason.serverShutdown);
    }
  }

  private clients(): Connection[] {
    return [...this.broker.connections.values()].filter((connection) => connection.kindName === 'client');
  }

  private pause(milliseconds: number): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
      this.timer = this.broker.clock.after(milliseconds, resolve);
    });
  }
}
