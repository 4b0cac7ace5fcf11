/** What makes the claims of an account unusable, in the words of NATS servers. */
import { hasWildcard, isSubset, isValidSubject, quotedText, subjectFromText } from '../../kernel/plugin-api.ts';
import type {
  AccountClaims,
  AccountLimitClaims,
  ExportClaims,
  ImportClaims,
  MappingClaims,
  StorageLimitClaims,
} from '../../protocols/jwt/account-claims.ts';
import type { StandardClaims } from '../../protocols/jwt/claims.ts';
import { decodeTokenOf } from '../../protocols/jwt/token.ts';
import { decodePublicKey, NkeyKind } from '../../protocols/nkeys/nkey-text.ts';

const WHOLE = 100;

/** Whether it is too late, or too early. Seconds. */
export function timeProblemOf({ expiresAt, notBefore }: StandardClaims, now: number): string | null {
  if (expiresAt > 0 && now > expiresAt) return 'claim is expired';
  return notBefore > 0 && notBefore > now ? 'claim is not yet valid' : null;
}

/** Everything but the times. */
export function problemsOf(claims: AccountClaims): readonly string[] {
  const { exports, imports, limits, mappings, signingKeys, authorization } = claims;
  return [
    ...importsProblems(imports, claims.subject),
    ...exports.flatMap(exportProblems),
    ...overlapProblems(exports),
    ...limitProblems(limits, claims),
    ...[...mappings].flatMap(([subject, destinations]) => mappingProblems(subject, destinations)),
    ...signingKeys.flatMap(({ key }) => keyProblem(key, NkeyKind.account, 'account')),
    ...authorizationProblems(authorization),
  ];
}

function importsProblems(imports: readonly ImportClaims[], importer: string): readonly string[] {
  const seen = new Map<string, ImportClaims>();
  return imports.flatMap((one) => {
    const local = localSubjectOf(one);
    const twin = one.kind === 'service' ? seen.get(local) : undefined;
    if (one.kind === 'service') seen.set(local, one);
    const problems = importProblems(one, importer);
    if (twin === undefined || twin.account !== one.account) return problems;
    return [...problems, `overlapping subject namespace for ${quotedText(local)} and ${quotedText(local)}`];
  });
}

/** Where an import is found in the account that has it. */
export function localSubjectOf({ kind, subject, localSubject, to }: ImportClaims): string {
  if (localSubject !== '') return localSubject;
  return kind === 'service' || to === '' ? subject : `${to}.${subject}`;
}

/** What the exporter calls it. Of services the old pair of names is the wrong way round. */
export function remoteSubjectOf({ kind, subject, localSubject, to }: ImportClaims): string {
  return kind === 'service' && localSubject === '' && to !== '' ? to : subject;
}

function importProblems(one: ImportClaims, importer: string): readonly string[] {
  const problems: string[] = [];
  if (one.kind !== 'stream' && one.kind !== 'service') problems.push('invalid import type: "unknown"');
  if (one.account === '') problems.push('account to import from is not specified');
  if (one.to !== '' && one.localSubject !== '') problems.push('Local Subject replaces To');
  problems.push(...subjectProblem(one.subject));
  if (one.sharesRequester && one.kind !== 'service') {
    problems.push(`sharing information (for latency tracking) is only valid for services: ${quotedText(one.subject)}`);
  }
  if (one.token !== '') problems.push(...activationProblems(one, importer));
  return problems;
}

function activationProblems(one: ImportClaims, importer: string): readonly string[] {
  const { token, subject, account, kind } = one;
  const decoded = decodeTokenOf('activation', token);
  if ('failure' in decoded) return [`import ${quotedText(subject)} contains an invalid activation token`];
  const { claims } = decoded;
  const problems: string[] = [];
  if (claims.issuer !== account && claims.issuerAccount !== account) {
    problems.push(`activation token doesn't match account for import ${quotedText(subject)}`);
  }
  if (claims.subject !== importer) {
    problems.push(`activation token doesn't match account it is being included in, ${quotedText(importer)}`);
  }
  if (claims.kind !== kind) {
    problems.push(`mismatch between token import type ${claims.kind} and type of import ${kind}`);
  }
  if (!isSubset(subjectFromText(remoteSubjectOf(one)), subjectFromText(claims.importSubject))) {
    const what = `activation token import subject ${quotedText(claims.importSubject)}`;
    problems.push(`${what} doesn't match import ${quotedText(subject)}`);
  }
  return problems;
}

function exportProblems(one: ExportClaims): readonly string[] {
  const problems: string[] = [];
  if (one.kind !== 'stream' && one.kind !== 'service') problems.push('invalid export type: "unknown"');
  problems.push(...subjectProblem(one.subject));
  if (one.responseType !== '' && one.kind !== 'service') problems.push('invalid response type for stream');
  if (one.latency !== null) problems.push(...latencyProblems(one));
  if (one.accountPosition > 0) problems.push(...positionProblems(one));
  return problems;
}

function latencyProblems({ kind, latency }: ExportClaims): readonly string[] {
  const { sampling, results } = latency!;
  const problems = kind === 'service' ? [] : ['latency tracking only permitted for services'];
  if (sampling < 0 || sampling > WHOLE) problems.push('sampling percentage needs to be between 1-100');
  if (hasWildcard(results)) problems.push('results subject can not contain wildcards');
  return [...problems, ...subjectProblem(results)];
}

function positionProblems({ subject, accountPosition }: ExportClaims): readonly string[] {
  if (!hasWildcard(subject)) {
    return [`Account Token Position can only be used with wildcard subjects: ${subject}`];
  }
  const tokens = subject.split('.');
  if (accountPosition > tokens.length) {
    return [`Account Token Position ${accountPosition} exceeds length of subject ${quotedText(subject)}`];
  }
  const token = tokens[accountPosition - 1]!;
  if (token === '*') return [];
  return [`Account Token Position ${accountPosition} matches ${quotedText(token)} but must match a * in: ${subject}`];
}

/** Of services; streams may overlap. */
function overlapProblems(exports: readonly ExportClaims[]): readonly string[] {
  const subjects = exports.filter(({ kind }) => kind === 'service').map(({ subject }) => subject);
  return subjects.flatMap((subject, at) =>
    subjects
      .slice(at + 1)
      .filter((other) => isSubset(other, subject) || isSubset(subject, other))
      .map((other) => `service export subject ${quotedText(other)} already exports ${quotedText(subject)}`),
  );
}

function limitProblems(limits: AccountLimitClaims, { imports, exports }: AccountClaims): readonly string[] {
  const problems: string[] = [];
  if (limits.imports >= 0 && imports.length > limits.imports) {
    problems.push('the account contains more imports than allowed by the operator');
  }
  if (limits.exports >= 0 && exports.length > limits.exports) {
    problems.push('the account contains more exports than allowed by the operator');
  }
  if (limits.exports >= 0 && !limits.allowsWildcardExports && exports.some(({ subject }) => hasWildcard(subject))) {
    problems.push('the account contains wildcard exports that are not allowed by the operator');
  }
  return [...problems, ...tierProblems(limits)];
}

function tierProblems({ storage, tiers }: AccountLimitClaims): readonly string[] {
  if (tiers.size === 0) return [];
  const problems: string[] = [];
  if (!isEmpty(storage)) problems.push('JetStream Limits and tiered JetStream Limits are mutually exclusive');
  if (tiers.has('')) problems.push('Tiered JetStream Limits can not contain a blank "" tier name');
  return problems;
}

function isEmpty(storage: StorageLimitClaims): boolean {
  return Object.values(storage).every((value) => value === 0 || value === false);
}

/** Weights count within each cluster. */
function mappingProblems(source: string, destinations: readonly MappingClaims[]): readonly string[] {
  const totals = new Map<string, number>();
  for (const { weight, cluster } of destinations) {
    totals.set(cluster, (totals.get(cluster) ?? 0) + (weight === 0 ? WHOLE : weight));
  }
  const over = [...totals.values()].filter((total) => total > WHOLE);
  return [
    ...subjectProblem(source),
    ...destinations.flatMap(({ subject }) => subjectProblem(subject)),
    ...over.map(() => `Mapping ${quotedText(source)} exceeds 100% among all of it's weighted to mappings`),
  ];
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
    ...authUsers.flatMap((key) => keyProblem(key, NkeyKind.user, 'user')),
    ...(isAny ? [] : allowedAccounts.flatMap((key) => keyProblem(key, NkeyKind.account, 'account'))),
    ...(xkey === '' || decodePublicKey(xkey)?.kind === NkeyKind.curve
      ? []
      : [`XKey ${quotedText(xkey)} is not a valid public xkey`]),
  ];
}

function keyProblem(key: string, kind: number, name: string): readonly string[] {
  return decodePublicKey(key)?.kind === kind ? [] : [`${key} is not an ${name} public key`];
}

function subjectProblem(text: string): readonly string[] {
  if (text === '') return ['subject cannot be empty'];
  if (text.includes(' ')) return [`subject ${quotedText(text)} cannot have spaces`];
  return isValidSubject(subjectFromText(text)) ? [] : [`subject ${quotedText(text)} is not valid`];
}
