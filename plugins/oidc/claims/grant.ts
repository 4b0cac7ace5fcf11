/** What the claims of a token come to: the first rule they meet says where somebody goes, and with which limits. */
import { CloseReason, type Permissions, type Refusal } from '../../../kernel/plugin-api.ts';
import type { ConnectionType, LoginAttempt } from '../../auth/contract.ts';
import { type ClaimPath, type Claims, valuesAt } from './claim-path.ts';
import { type PermissionTemplate, Unmapped } from './permission-template.ts';

/** One account for all, or what a claim says within a list. */
export type AccountChoice =
  | { readonly fixed: string }
  | { readonly claim: ClaimPath; readonly names: ReadonlyMap<string, string> };

export interface Grant {
  readonly account: AccountChoice;
  /** Null: may do everything. */
  readonly permissions: PermissionTemplate | null;
  /** Empty: any. */
  readonly connectionTypes: readonly ConnectionType[];
  /** Negative: none of its own. */
  readonly subscriptionsMax: number;
  readonly payloadMax: number;
  readonly isProxyRequired: boolean;
}

/** One of the values is among those of the claim. */
export interface Condition {
  readonly claim: ClaimPath;
  readonly values: ReadonlySet<string>;
}

export interface Rule {
  /** All must hold; none do for everybody. */
  readonly conditions: readonly Condition[];
  readonly grant: Grant;
}

const USER_CHARACTERS_MAX = 256;
const CONTROL = /\p{Cc}/u;

/** The claims of one token, with what tells apart words and texts. */
export class ClaimReader {
  private readonly claims: Claims;
  private readonly spaceSeparated: readonly string[];

  constructor(claims: Claims, spaceSeparated: readonly string[]) {
    this.claims = claims;
    this.spaceSeparated = spaceSeparated;
  }

  /** The following throw an Unmapped. */
  grantOf(rules: readonly Rule[]): Grant {
    const rule = rules.find(({ conditions }) => conditions.every((condition) => this.meets(condition)));
    if (rule === undefined) throw new Unmapped('no rule fits its claims');
    return rule.grant;
  }

  userAt(path: ClaimPath): string {
    const [user = '', ...more] = this.values(path);
    const isName = user !== '' && more.length === 0 && user.length <= USER_CHARACTERS_MAX && !CONTROL.test(user);
    if (!isName) throw new Unmapped(`its claim ${JSON.stringify(path.text)} is no name of a user`);
    return user;
  }

  /** Two accounts are as bad as none: which one is meant is nobody's to guess. */
  accountOf(choice: AccountChoice): string {
    if ('fixed' in choice) return choice.fixed;
    const named = new Set(this.values(choice.claim).flatMap((value) => choice.names.get(value) ?? []));
    const [account, ...more] = named;
    const name = JSON.stringify(choice.claim.text);
    if (account === undefined) throw new Unmapped(`its claim ${name} names none of the accounts`);
    if (more.length > 0) throw new Unmapped(`its claim ${name} names several of the accounts`);
    return account;
  }

  permissionsOf({ permissions }: Grant): Permissions | null {
    return permissions === null ? null : permissions.permissionsFor(this.claims, this.spaceSeparated);
  }

  private meets({ claim, values }: Condition): boolean {
    return this.values(claim).some((value) => values.has(value));
  }

  private values(path: ClaimPath): string[] {
    return valuesAt(this.claims, path, this.spaceSeparated);
  }
}

/** How somebody came in, and not who it is, is in the way. */
export function entranceRefused(
  { connectionTypes, isProxyRequired }: Grant,
  { connectionType, proxyKey }: LoginAttempt,
): Pick<Refusal, 'reason' | 'closeReason'> | null {
  if (isProxyRequired && proxyKey === '') {
    return { reason: 'it has to come through a trusted proxy', closeReason: CloseReason.proxyRequired };
  }
  if (connectionTypes.length === 0 || connectionTypes.includes(connectionType)) return null;
  return { reason: `it is not for connections of the type ${connectionType}`, closeReason: null };
}
