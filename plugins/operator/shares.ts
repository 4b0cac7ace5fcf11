/** Exports and imports of an account's claims, as account-sharing takes them. */
import { subjectFromText } from '../../kernel/plugin-api.ts';
import type { AccountClaims, ExportClaims, ImportClaims } from '../../protocols/jwt/account-claims.ts';
import type { ImportRule, ResponseType, ServiceExport, Shares, StreamExport } from '../account-sharing/contract.ts';
import { type Activation, activates, activationOf } from './activation.ts';
import type { KeyCache } from './genuine-token.ts';
import { isRevoked } from './revocation.ts';
import { localSubjectOf, remoteSubjectOf } from './share-validation.ts';

const NANOSECONDS = 1e6;
const SECOND = 1000;
const RESPONSE_THRESHOLD_MS = 120_000;
const RESPONSES: ReadonlyMap<string, ResponseType> = new Map([
  ['stream', 'stream'],
  ['chunked', 'chunked'],
]);

export interface ShareParts {
  readonly claims: AccountClaims;
  /** Who may sign for the account, its own key included. */
  readonly signers: ReadonlyMap<string, unknown>;
  readonly keys: KeyCache;
  /** Seconds since 1970. */
  readonly now: () => number;
}

export async function sharesOf(parts: ShareParts): Promise<Shares> {
  const { claims, keys } = parts;
  const imports: ImportRule[] = [];
  // One after the other: the signatures of many would keep the loop from everybody else.
  for (const one of claims.imports) imports.push(await importRule(one, keys));
  return { exports: claims.exports.map((one) => exportRule(one, parts)), imports };
}

async function importRule(one: ImportClaims, keys: KeyCache): Promise<ImportRule> {
  const activation = one.token === '' ? null : await activationOf(one.token, keys);
  const endsAt = activation?.expiresAt ?? 0;
  return {
    kind: one.kind as ImportRule['kind'],
    account: one.account,
    subject: subjectFromText(remoteSubjectOf(one)),
    localSubject: subjectFromText(localSubjectOf(one)),
    sharesRequester: one.sharesRequester,
    allowsTrace: one.allowsTrace,
    ...(activation === null ? {} : { activation }),
    ...(endsAt === 0 ? {} : { validUntil: endsAt * SECOND }),
  };
}

function exportRule(one: ExportClaims, parts: ShareParts): StreamExport | ServiceExport {
  const base = {
    subject: subjectFromText(one.subject),
    accountPosition: one.accountPosition,
    admits: admission(one, parts),
    allowsTrace: one.allowsTrace,
    isTokenRequired: one.isTokenRequired,
    approved: [],
  };
  if (one.kind === 'stream') return { kind: 'stream', ...base };
  const thresholdMs = one.responseThreshold / NANOSECONDS;
  return {
    kind: 'service',
    ...base,
    responses: RESPONSES.get(one.responseType.toLowerCase()) ?? 'singleton',
    responseThresholdMs: thresholdMs > 0 ? thresholdMs : RESPONSE_THRESHOLD_MS,
    latency: one.latency && {
      sampling: one.latency.sampling === 0 ? 'headers' : one.latency.sampling,
      subject: subjectFromText(one.latency.results),
    },
  };
}

/** Who may import: anybody, or whoever brings an activation of this account that was not taken back. */
function admission(one: ExportClaims, { claims, signers, now }: ShareParts): StreamExport['admits'] {
  if (!one.isTokenRequired) return () => true;
  return (importer, { activation, kind, subject }) => {
    if (activation === undefined) return false;
    const shown = activation as Activation;
    // Whoever an activation for a wildcard is made out to, what is revoked is the importer's.
    if (isRevoked(one.revocations, importer, shown.issuedAt)) return false;
    return activates(shown, { importer, kind, subject }, { key: claims.subject, signers }, now());
  };
}
