/** What is wrong with the exports and imports in an account's claims, in the words of NATS servers. */
import { collide, hasWildcard, isSubset, quotedText, subjectFromText } from '../../kernel/plugin-api.ts';
import type { AccountClaims, ExportClaims, ImportClaims } from '../../protocols/jwt/account-claims.ts';
import { decodeTokenOf } from '../../protocols/jwt/token.ts';
import { subjectProblem } from './subject-validation.ts';

const PERCENT_MAX = 100;

/** Where an import is found in the account that has it. */
export function localSubjectOf({ kind, subject, localSubject, to }: ImportClaims): string {
  if (localSubject !== '') return localSubject;
  return kind === 'service' || to === '' ? subject : `${to}.${subject}`;
}

/** What the exporter calls it. Of services the old pair of names is the wrong way round. */
export function remoteSubjectOf({ kind, subject, localSubject, to }: ImportClaims): string {
  return kind === 'service' && localSubject === '' && to !== '' ? to : subject;
}

/** Each by itself. */
export function shareProblems({ exports, imports }: AccountClaims): readonly string[] {
  return [...imports.flatMap(importProblems), ...exports.flatMap(exportProblems)];
}

/** Compared in one go. A token has room for some thousands of exports or imports, and each is compared with each. */
const PAIRS_AT_ONCE = 2000;
const TOKENS_AT_ONCE = 32;

/** What takes time with many: the tokens of imports, and what overlaps. In between others have their turn. */
export async function laboriousProblems(claims: AccountClaims, pause: () => Promise<void>): Promise<readonly string[]> {
  const services = claims.imports.filter(({ kind }) => kind === 'service');
  return [
    ...(await problemsOfTokens(claims, pause)),
    ...(await problemsOfPairs(services, sameServices, pause)),
    ...(await problemsOfPairs(claims.exports, sameExports, pause)),
  ];
}

async function problemsOfTokens({ imports, subject }: AccountClaims, pause: () => Promise<void>): Promise<string[]> {
  const problems: string[] = [];
  const withToken = imports.filter(({ token }) => token !== '');
  for (const [at, one] of withToken.entries()) {
    if (at % TOKENS_AT_ONCE === TOKENS_AT_ONCE - 1) await pause();
    problems.push(...activationProblems(one, subject));
  }
  return problems;
}

/** The first that is found: one is enough. */
async function problemsOfPairs<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => readonly string[],
  pause: () => Promise<void>,
): Promise<readonly string[]> {
  let compared = 0;
  for (const [at, one] of items.entries()) {
    for (let next = at + 1; next < items.length; next++) {
      const problems = compare(one, items[next]!);
      if (problems.length > 0) return problems;
      if (++compared % PAIRS_AT_ONCE === 0) await pause();
    }
  }
  return [];
}

function importProblems(one: ImportClaims): readonly string[] {
  const { kind, subject } = one;
  const subjects = [subject, one.localSubject, one.to].filter((text, at) => at === 0 || text !== '');
  return [
    kind !== 'stream' && kind !== 'service' ? 'invalid import type: "unknown"' : null,
    one.allowsTrace && kind !== 'stream' ? 'AllowTrace only valid for stream import' : null,
    one.account === '' ? 'account to import from is not specified' : null,
    one.to !== '' && one.localSubject !== '' ? 'Local Subject replaces To' : null,
    ...subjects.map(subjectProblem),
    ...referenceProblems(one),
    one.sharesRequester && kind !== 'service'
      ? `sharing information (for latency tracking) is only valid for services: ${quotedText(subject)}`
      : null,
  ].filter((problem) => problem !== null);
}

/** Each wildcard of the subject has to stand in its new name. */
function referenceProblems({ subject, localSubject }: ImportClaims): readonly string[] {
  if (localSubject === '') return [];
  const wildcards = subject.split('.').filter((token) => token === '*').length;
  const tokens = localSubject.split('.');
  const references = tokens.filter((token) => /^\$\d+$/.test(token)).map((token) => Number(token.slice(1)));
  const strays = references.filter((number) => number < 1 || number > wildcards);
  const used = tokens.filter((token) => token === '*').length + references.length - strays.length;
  return [
    ...strays.map((number) => {
      const where = `Reference $${number} in ${quotedText(localSubject)}`;
      return `${where} reference * in ${quotedText(subject)} that do not exist`;
    }),
    ...(used < wildcards ? ['subject does not contain enough * or reference wildcards $[0-9]'] : []),
  ];
}

/** Its time is not looked at: the import merely is not in force before and after. */
function activationProblems(one: ImportClaims, importer: string): readonly string[] {
  const { token, subject, account, kind } = one;
  if (token === '') return [];
  const decoded = decodeTokenOf('activation', token);
  if ('failure' in decoded) return [`import ${quotedText(subject)} contains an invalid activation token`];
  const { claims } = decoded;
  const isCovered = isSubset(subjectFromText(remoteSubjectOf(one)), subjectFromText(claims.importSubject));
  return [
    claims.issuer !== account && claims.issuerAccount !== account
      ? `activation token doesn't match account for import ${quotedText(subject)}`
      : null,
    claims.subject !== importer
      ? `activation token doesn't match account it is being included in, ${quotedText(subject)}`
      : null,
    claims.kind !== kind ? `mismatch between token import type ${claims.kind} and type of import ${kind}` : null,
    isCovered
      ? null
      : `activation token import subject ${quotedText(claims.importSubject)} doesn't match import ${quotedText(subject)}`,
  ].filter((problem) => problem !== null);
}

function sameServices(one: ImportClaims, other: ImportClaims): readonly string[] {
  const [first, second] = [localSubjectOf(one), localSubjectOf(other)];
  if (one.account !== other.account || !collide(subjectFromText(first), subjectFromText(second))) return [];
  const subjects = `${quotedText(second)} and ${quotedText(first)}`;
  return [`overlapping subject namespace for ${subjects} in same account ${quotedText(one.account)}`];
}

function exportProblems(one: ExportClaims): readonly string[] {
  const isService = one.kind === 'service';
  return [
    !isService && one.kind !== 'stream' ? 'invalid export type: "unknown"' : null,
    one.allowsTrace && !isService ? 'AllowTrace only valid for service export' : null,
    one.responseType !== '' && !isService
      ? `invalid response type for ${one.kind}: ${quotedText(one.responseType)}`
      : null,
    one.responseThreshold !== 0 && !isService ? 'response threshold only valid for services' : null,
    one.responseThreshold < 0 && isService ? 'negative response threshold is invalid' : null,
    subjectProblem(one.subject),
    ...latencyProblems(one),
    positionProblem(one),
  ].filter((problem) => problem !== null);
}

function latencyProblems({ kind, latency }: ExportClaims): readonly (string | null)[] {
  if (latency === null) return [];
  const { sampling, results } = latency;
  return [
    kind === 'service' ? null : 'latency tracking only permitted for services',
    sampling < 0 || sampling > PERCENT_MAX ? 'sampling percentage needs to be between 1-100' : null,
    subjectProblem(results),
    hasWildcard(results) ? 'results subject can not contain wildcards' : null,
  ];
}

function positionProblem({ subject, accountPosition }: ExportClaims): string | null {
  if (accountPosition === 0) return null;
  if (!hasWildcard(subject)) return `Account Token Position can only be used with wildcard subjects: ${subject}`;
  const token = subject.split('.')[accountPosition - 1];
  const position = `Account Token Position ${accountPosition}`;
  if (token === undefined) return `${position} exceeds length of subject '${subject}'`;
  return token === '*' ? null : `${position} matches '${token}' but must match a * in: ${subject}`;
}

function sameExports(one: ExportClaims, other: ExportClaims): readonly string[] {
  if (one.kind !== other.kind) return [];
  const [wide, narrow] = covers(one, other) ? [one, other] : [other, one];
  if (!covers(wide, narrow)) return [];
  return [`${one.kind} export subject ${quotedText(wide.subject)} already exports ${quotedText(narrow.subject)}`];
}

function covers(wide: ExportClaims, narrow: ExportClaims): boolean {
  return isSubset(subjectFromText(narrow.subject), subjectFromText(wide.subject));
}
