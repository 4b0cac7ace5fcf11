/** What the operator does for a resolver: judging tokens, and having accounts go by them. */
import type { Account, PluginContext } from '../../kernel/plugin-api.ts';
import type { Accounts } from './accounts.ts';
import type { OperatorConfig } from './config.ts';
import type { CheckedClaims, DeleteRequest, ResolverHost } from './contract.ts';
import { genuineClaims, type KeyCache } from './genuine-token.ts';
import { serveLiveUpdates } from './live-updates.ts';
import { ServerInfoStamp } from './server-info.ts';
import type { Trust } from './trust.ts';

interface HostParts {
  readonly ctx: PluginContext<OperatorConfig>;
  readonly trust: Trust;
  readonly keys: KeyCache;
  readonly accounts: Accounts;
  readonly system: Account;
}

export class OperatorResolverHost implements ResolverHost {
  readonly system: Account;
  private readonly parts: HostParts;
  private readonly stamp: () => object;

  constructor(parts: HostParts) {
    this.system = parts.system;
    this.parts = parts;
    const own = new ServerInfoStamp(parts.ctx.kernel.broker);
    this.stamp = parts.ctx.useOptional<() => object>('server.stamp') ?? (() => own.next());
  }

  isActive(accountKey: string): boolean {
    return this.parts.accounts.loader.accounts.has(accountKey);
  }

  async check(token: string): Promise<CheckedClaims | { failure: string }> {
    const claims = await this.parts.trust.stored(token);
    if ('failure' in claims) return claims;
    const { subject, name, issuedAt, expiresAt } = claims;
    return { accountKey: subject, name, issuedAt, expiresAt };
  }

  apply(accountKey: string, token: string): Promise<string | null> {
    return this.parts.accounts.update(accountKey, token);
  }

  async checkDelete(token: string): Promise<DeleteRequest | { failure: string }> {
    const { keys, trust } = this.parts;
    const claims = await genuineClaims('generic', token, keys);
    if ('failure' in claims) return claims;
    if (claims.issuer !== claims.subject) return { failure: 'not self signed' };
    if (!trust.isTrusted(claims.issuer)) return { failure: 'not trusted' };
    const listed = claims.nats.raw('accounts');
    if (!isTexts(listed)) return { failure: 'malformed request' };
    if (listed.includes(this.system.name)) return { failure: 'not allowed to delete system account' };
    return { subject: claims.subject, accountKeys: listed };
  }

  removed(accountKey: string): void {
    this.parts.accounts.end(accountKey);
  }

  serveUpdates(ctx: PluginContext): () => Promise<void> {
    return serveLiveUpdates(ctx, this);
  }

  serverInfo(): object {
    return this.stamp();
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
