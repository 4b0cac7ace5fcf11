/** Makes identities of user tokens where there is no operator: one issuer, and accounts by name. */
import {
  type Broker,
  DailyWindows,
  type Identity,
  isInside,
  PermissionSet,
  type Permissions,
  parseSubnet,
  quotedText,
  rulesFromText,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import { admitsConnectionType } from '../../../protocols/jwt/connection-types.ts';
import { isUnsaid } from '../../../protocols/jwt/permission-claims.ts';
import type { UserClaims } from '../../../protocols/jwt/user-claims.ts';
import type { AuthView, CalloutOptions, Credentials, LoginAttempt } from '../../auth/contract.ts';
import { onAccount } from '../account-text.ts';
import { type Failure, shownUser } from '../delegation.ts';
import { impossibleEntry } from './impossible-entry.ts';

export const PROXY_REQUIRED = 'Proxy connection required';

export interface MadeUser {
  readonly identity: Identity;
  /** The token had no permissions of its own. */
  readonly isByDefaults: boolean;
}

export class ConfiguredUsers {
  private readonly options: CalloutOptions;
  private readonly view: AuthView;
  private readonly broker: Broker;

  constructor(options: CalloutOptions, view: AuthView, broker: Broker) {
    this.options = options;
    this.view = view;
    this.broker = broker;
  }

  /** The token is genuine, and about this login. */
  identify(claims: UserClaims, attempt: LoginAttempt, told: Credentials): MadeUser | Failure {
    const now = this.broker.clock.now();
    const until = stayUntil(claims, now);
    const failure = this.issuerFailure(claims) ?? this.admissionFailure(claims, attempt, until);
    if (failure !== null) return { failure };
    const permissions = this.permissionsOf(claims);
    if (permissions !== null && 'failure' in permissions) return permissions;
    return {
      identity: identityOf(claims, permissions, attempt, told, until),
      isByDefaults: isUnsaid(claims.permissions),
    };
  }

  private issuerFailure({ issuer, issuerAccount }: UserClaims): string | null {
    const { account } = this.options;
    if (issuerAccount !== '') {
      return `Error non operator mode account ${quotedText(account)}: attempted to use issuer_account`;
    }
    if (issuer === this.options.issuer) return null;
    const [expected, got] = [this.options.issuer, issuer].map(quotedText);
    return `Wrong issuer for auth callout response ${onAccount(account)}, expected ${expected} got ${got}`;
  }

  private admissionFailure(claims: UserClaims, attempt: LoginAttempt, until: number | null): string | null {
    const here = onAccount(this.options.account);
    if (until === null) return `Authorized user ${here} outside of valid connect times`;
    if (!admitsConnectionType(claims.connectionTypes, attempt.connectionType))
      return `Authorized user ${here} using invalid connection type`;
    if (!isFromWithin(claims, attempt.connection.clientIp)) return `Authorized user ${here} outside of valid networks`;
    if (this.broker.accounts.get(claims.audience) === undefined) {
      return `No valid account ${quotedText(claims.audience)} for auth callout response ${here}: account missing`;
    }
    return claims.isProxyRequired && attempt.proxyKey === '' ? PROXY_REQUIRED : null;
  }

  private permissionsOf({ permissions, audience }: UserClaims): Permissions | Failure | null {
    if (isUnsaid(permissions)) return this.view.defaultPermissions(audience);
    const rules = rulesFromText(permissions);
    const entry = impossibleEntry(rules);
    if (entry === undefined) return new PermissionSet(rules);
    const shown = quotedText(textFromSubject(entry));
    return { failure: `User JWT generated invalid permissions: ${shown} is not a valid subject` };
  }
}

/** Null: not now. Without windows there is no end. */
function stayUntil({ times, timeZone }: UserClaims, now: number): number | null {
  if (times.length === 0) return Number.POSITIVE_INFINITY;
  const windows = DailyWindows.from(times, timeZone);
  return 'failure' in windows ? null : windows.endAfter(now);
}

function isFromWithin({ sources }: UserClaims, host: string): boolean {
  const networks = sources.map(parseSubnet).filter((network) => network !== null);
  return sources.length === 0 || isInside(host, networks);
}

function identityOf(
  claims: UserClaims,
  permissions: Permissions | null,
  { proxyKey }: LoginAttempt,
  told: Credentials,
  until: number | null,
): Identity {
  const expiresAt = Math.min(claims.expiresAt > 0 ? claims.expiresAt * 1000 : Number.POSITIVE_INFINITY, until ?? 0);
  return {
    account: claims.audience,
    user: claims.name || shownUser(told) || claims.subject,
    permissions,
    ...limitOf('maxPayload', claims.payloadMax),
    ...limitOf('maxSubscriptions', claims.subscriptionsMax),
    ...(Number.isFinite(expiresAt) ? { expiresAt } : {}),
    ...(proxyKey === '' ? {} : { details: { proxyKey } }),
  };
}

/** Services leave limits out where they mean none, so 0 is none here. */
function limitOf(name: 'maxPayload' | 'maxSubscriptions', limit: number): Partial<Identity> {
  return limit > 0 ? { [name]: limit } : {};
}
