/** What a user may do: what its token says, or what the scoped key says that signed it. */
import { PermissionSet, type Permissions, rulesFromText } from '../../kernel/plugin-api.ts';
import { isBare, isUnsaid, type UserGrants } from '../../protocols/jwt/permission-claims.ts';
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import { type Admission, admissionOf } from './admission.ts';
import type { OperatorAccount, Terms } from './operator-account.ts';
import { BadTemplate, withoutTemplates } from './templates.ts';

/** Everything about a user that depends on its token and its account's only, so that it can be kept. */
export interface Grants {
  /** The account's terms it was worked out by. */
  readonly terms: Terms;
  readonly limits: UserGrants;
  readonly admission: Admission;
  /** Null: the account's default. */
  readonly ownPermissions: PermissionSet | null;
}

export function permissionsOf({ ownPermissions, terms }: Grants): Permissions | null {
  return ownPermissions ?? terms.defaultPermissions;
}

/** Or why there are none. */
export function grantsOf(claims: UserClaims, { key, name, terms }: OperatorAccount): Grants | { failure: string } {
  const scope = terms.signers.get(claims.issuer);
  if (scope === undefined) return { failure: 'User JWT issuer is not known' };
  if (scope === null) return withPermissions(terms, claims);
  if (!isBare(claims)) {
    return { failure: 'User JWT is not valid: scoped users require no permissions or limits set' };
  }
  try {
    const permissions = withoutTemplates(scope.template.permissions, {
      userName: claims.name,
      userKey: claims.subject,
      userTags: claims.tags,
      accountName: name,
      accountKey: key,
      accountTags: terms.claims.tags,
    });
    return withPermissions(terms, { ...scope.template, permissions });
  } catch (error) {
    if (!(error instanceof BadTemplate)) throw error;
    return { failure: `User JWT generated invalid permissions: ${error.message}` };
  }
}

function withPermissions(terms: Terms, limits: UserGrants): Grants | { failure: string } {
  const admission = admissionOf(limits);
  if ('failure' in admission) return { failure: `User JWT is not valid: ${admission.failure}` };
  const isOwn = !isUnsaid(limits.permissions);
  return {
    terms,
    limits,
    admission,
    ownPermissions: isOwn ? new PermissionSet(rulesFromText(limits.permissions)) : null,
  };
}
