/** A user: who, of which account, and what it may do. */
import { NO_LIMIT, type StandardClaims } from './claims.ts';
import type { MemberReader } from './member-reader.ts';
import { readGrants, type UserGrants } from './permission-claims.ts';

export interface UserClaims extends StandardClaims, UserGrants {
  readonly type: 'user';
  /** The account, when one of its signing keys is the issuer; else empty. */
  readonly issuerAccount: string;
}

export function readUser(standard: StandardClaims, nats: MemberReader): UserClaims {
  const grants = readGrants(nats);
  return {
    ...standard,
    type: 'user',
    issuerAccount: nats.text('issuer_account'),
    ...(standard.version < 2 ? withoutLimits(grants) : grants),
  };
}

/** Version 1 had no limit of subscriptions and data, and 0 was no limit of the payload. */
function withoutLimits(grants: UserGrants): UserGrants {
  return {
    ...grants,
    subscriptionsMax: NO_LIMIT,
    dataMax: NO_LIMIT,
    payloadMax: grants.payloadMax === 0 ? NO_LIMIT : grants.payloadMax,
  };
}
