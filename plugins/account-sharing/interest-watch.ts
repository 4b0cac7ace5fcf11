/** Tells imports what is subscribed to in their accounts. The hooks are tapped only while there is somebody to tell. */
import type { Account, Disposer, PluginContext, Subscription } from '../../kernel/plugin-api.ts';
import { PatternIndex } from './rules/pattern-index.ts';
import type { ActiveRequests } from './services/active-requests.ts';
import { ServiceImport } from './services/service-import.ts';
import type { StreamImport } from './streams/stream-import.ts';

export class InterestWatch {
  private readonly ctx: PluginContext<unknown>;
  private readonly streams = new Map<Account, PatternIndex<StreamImport>>();
  private readonly active: ActiveRequests;
  private serviceCount = 0;
  private taps: Disposer[] = [];
  private endTap: Disposer | null = null;

  constructor(ctx: PluginContext<unknown>, active: ActiveRequests) {
    this.ctx = ctx;
    this.active = active;
  }

  add(running: StreamImport | ServiceImport): void {
    if (running instanceof ServiceImport) this.serviceCount++;
    else this.addStream(running);
    this.tapOrNot();
  }

  remove(running: StreamImport | ServiceImport): void {
    if (running instanceof ServiceImport) this.serviceCount--;
    else this.removeStream(running);
    this.tapOrNot();
  }

  private addStream(stream: StreamImport): void {
    const { importer } = stream;
    const streams = this.streams.get(importer) ?? new PatternIndex();
    this.streams.set(importer, streams);
    streams.add(stream.localPattern, stream);
  }

  private removeStream(stream: StreamImport): void {
    const streams = this.streams.get(stream.importer);
    streams?.remove(stream.localPattern, stream);
    if (streams?.isEmpty) this.streams.delete(stream.importer);
  }

  private tapOrNot(): void {
    if (this.streams.size > 0 && this.taps.length === 0) this.tapStreams();
    if (this.streams.size === 0) {
      for (const undo of this.taps) undo();
      this.taps = [];
    }
    if (this.serviceCount > 0) {
      this.endTap ??= this.ctx.tap('interest.last', (account, pattern) => this.active.interestEnded(account, pattern));
    } else {
      this.endTap?.();
      this.endTap = null;
    }
  }

  private tapStreams(): void {
    const tell = (account: Account, pattern: string, queue: string, subscription: Subscription): void => {
      const streams = this.streams.get(account);
      if (streams === undefined) return;
      for (const stream of streams.colliding(pattern)) stream.noteInterest(pattern, queue, subscription);
    };
    this.taps = [
      this.ctx.tap('interest.first', tell),
      this.ctx.tap('interest.changed', tell),
      this.ctx.tap('interest.last', tell),
    ];
  }
}
