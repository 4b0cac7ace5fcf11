/** What the monitor shows of operators and their accounts. */
import { Buffer } from 'node:buffer';
import type { Account } from '../../kernel/plugin-api.ts';
import type { MonitorSection } from '../monitoring/contract.ts';
import type { OperatorConfig } from './config.ts';
import type { OperatorAccount } from './operator-account.ts';

type Shown = Readonly<Record<string, unknown>>;

export class OperatorMonitor implements MonitorSection {
  private readonly operators: OperatorConfig['operators'];
  private readonly accounts: ReadonlyMap<string, OperatorAccount>;

  constructor({ operators }: OperatorConfig, accounts: ReadonlyMap<string, OperatorAccount>) {
    this.operators = operators;
    this.accounts = accounts;
  }

  varz(): Shown {
    if (this.operators.length === 0) return {};
    const tokens = this.operators.map(({ token }) => token);
    return { trusted_operators_jwt: tokens, trusted_operators_claim: tokens.map(payloadOf) };
  }

  account({ name }: Account): Shown | undefined {
    const known = this.accounts.get(name);
    if (known === undefined) return undefined;
    const { claims, token } = known.terms;
    // Without a token there is nothing to show yet.
    if (token === '') return { complete: false };
    return {
      update_time: new Date(known.updatedAt).toISOString(),
      expired: known.isExpired,
      jwt: token,
      issuer_key: claims.issuer,
      name_tag: known.name,
      tags: claims.tags.length === 0 ? undefined : claims.tags,
      decoded_jwt: payloadOf(token),
      revoked_user: claims.revocations.size === 0 ? undefined : momentsOf(claims.revocations),
    };
  }

  accountStatistics({ name }: Account): Shown | undefined {
    const known = this.accounts.get(name);
    return known === undefined ? undefined : { name: known.name };
  }
}

function momentsOf(revocations: ReadonlyMap<string, number>): Record<string, string> {
  const entries = [...revocations].map(([key, seconds]) => [key, new Date(seconds * 1000).toISOString()]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The token was read before: it is sound. */
function payloadOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}
