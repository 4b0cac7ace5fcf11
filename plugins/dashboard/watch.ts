/** What the broker does not count itself: how connections ended, and what was not delivered. */
import type { PluginContext } from '../../kernel/plugin-api.ts';

/** Reasons may be words of a plugin: from here on they are one. */
export const REASONS_MAX = 64;
export const OTHER = '_other';

export class Watch {
  readonly closed = new Map<string, number>();
  readonly dropped = new Map<string, number>();

  /** Nothing here is called for a message that is delivered. */
  constructor(ctx: PluginContext<unknown>) {
    ctx.tap('connection.closed', (_connection, reason) => increment(this.closed, reason));
    ctx.tap('delivery.dropped', (_subscription, _message, reason) => increment(this.dropped, reason));
  }
}

function increment(counts: Map<string, number>, reason: string): void {
  const key = counts.has(reason) || counts.size < REASONS_MAX ? reason : OTHER;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
