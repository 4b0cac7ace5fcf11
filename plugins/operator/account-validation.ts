/** What makes the claims of an account unusable, in the words of NATS servers. */
import { hasWildcard, isValidSubject, quotedText, subjectFromText } from '../../kernel/plugin-api.ts';
import type { AccountClaims, MappingClaims } from '../../protocols/jwt/account-claims.ts';
import type { StandardClaims } from '../../protocols/jwt/claims.ts';
import { decodePublicKey, NkeyKind } from '../../protocols/nkeys/nkey-text.ts';
import { shareProblems } from './share-validation.ts';
import { permissionProblems, subjectProblem } from './subject-validation.ts';

const WHOLE = 100;

/** Whether it is too late, or too early. Seconds. */
export function timeProblemOf(
  { expiresAt, notBefore }: Pick<StandardClaims, 'expiresAt' | 'notBefore'>,
  now: number,
): string | null {
  if (expiresAt > 0 && now > expiresAt) return 'claim is expired';
  return notBefore > 0 && notBefore > now ? 'claim is not yet valid' : null;
}

/** Everything but the times, and what takes long. */
export function problemsOf(claims: AccountClaims): readonly string[] {
  return [
    ...shareProblems(claims),
    ...permissionProblems(claims.defaultPermissions),
    ...[...claims.mappings].flatMap(([subject, destinations]) => mappingProblems(subject, destinations)),
    ...authorizationProblems(claims.authorization),
    ...traceProblems(claims.trace),
    ...limitProblems(claims),
    ...claims.signingKeys.flatMap(({ key }) => keyProblem(key, NkeyKind.account, 'account signing key', '')),
  ];
}

function limitProblems({ limits, imports, exports }: AccountClaims): readonly string[] {
  const isLimited = limits.exports >= 0;
  return [
    limits.tiers.has('') ? 'Tiered JetStream Limits can not contain a blank "" tier name' : null,
    limits.imports >= 0 && imports.length > limits.imports
      ? 'the account contains more imports than allowed by the operator'
      : null,
    isLimited && exports.length > limits.exports
      ? 'the account contains more exports than allowed by the operator'
      : null,
    isLimited && !limits.allowsWildcardExports && exports.some(({ subject }) => hasWildcard(subject))
      ? 'the account contains wildcard exports that are not allowed by the operator'
      : null,
  ].filter((problem) => problem !== null);
}

/** Weights count within each cluster. */
function mappingProblems(source: string, destinations: readonly MappingClaims[]): readonly string[] {
  const totals = new Map<string, number>();
  for (const { weight, cluster } of destinations) {
    totals.set(cluster, (totals.get(cluster) ?? 0) + (weight === 0 ? WHOLE : weight));
  }
  const over = [...totals.values()].filter((total) => total > WHOLE);
  return [
    subjectProblem(source),
    ...destinations.map(({ subject }) => subjectProblem(subject)),
    ...over.map(() => `Mapping ${quotedText(source)} exceeds 100% among all of it's weighted to mappings`),
  ].filter((problem) => problem !== null);
}

function authorizationProblems({
  authUsers,
  allowedAccounts,
  xkey,
}: AccountClaims['authorization']): readonly string[] {
  if (allowedAccounts.length > 0 && authUsers.length === 0) {
    return ['External authorization cannot have accounts without users specified'];
  }
  const isAny = allowedAccounts.length === 1 && allowedAccounts[0] === '*';
  return [
    ...authUsers.flatMap((key) => keyProblem(key, NkeyKind.user, 'user public key', 'AuthUser ')),
    ...(isAny ? [] : allowedAccounts).flatMap((key) =>
      keyProblem(key, NkeyKind.account, 'account public key', 'Account '),
    ),
    ...(xkey === '' ? [] : keyProblem(xkey, NkeyKind.curve, 'public xkey', 'XKey ')),
  ];
}

function keyProblem(key: string, kind: number, what: string, label: string): readonly string[] {
  return decodePublicKey(key)?.kind === kind ? [] : [`${label}${quotedText(key)} is not a valid ${what}`];
}

function traceProblems(trace: AccountClaims['trace']): readonly string[] {
  if (trace === null) return [];
  const { destination, sampling } = trace;
  const isPublishable = isValidSubject(subjectFromText(destination)) && !hasWildcard(destination);
  return [
    ...(isPublishable
      ? []
      : [`the account Trace.Destination subject ${quotedText(destination)} is not a valid publish subject`]),
    ...(sampling >= 0 && sampling <= WHOLE
      ? []
      : [`the account Trace.Sampling value '${sampling}' is not valid, should be in the range [1..100]`]),
  ];
}
