/** Activations: the word of an exporter that somebody may import. */
import { isSubset, subjectFromText } from '../../kernel/plugin-api.ts';
import type { ActivationClaims } from '../../protocols/jwt/activation-claims.ts';
import { genuineClaims, type KeyCache } from './genuine-token.ts';

/** What an import brings along, its signature checked when the importer's token was. */
export type Activation = ActivationClaims;

/** Null for a token that nobody signed who it says. */
export async function activationOf(token: string, keys: KeyCache): Promise<Activation | null> {
  const claims = await genuineClaims('activation', token, keys);
  return 'failure' in claims ? null : claims;
}

interface Wanted {
  readonly importer: string;
  readonly kind: string;
  readonly subject: string;
}

interface Exporter {
  readonly key: string;
  /** Who may sign for it. */
  readonly signers: ReadonlyMap<string, unknown>;
}

/** Whether the activation is the exporter's, for this importer and this import. Seconds. */
export function activates(activation: Activation, wanted: Wanted, exporter: Exporter, now: number): boolean {
  const { importer, kind, subject } = wanted;
  return (
    isSignedFor(activation, exporter) &&
    activation.subject === importer &&
    activation.kind === kind &&
    isSubset(subject, subjectFromText(activation.importSubject)) &&
    isInForce(activation, now)
  );
}

function isSignedFor({ issuer, issuerAccount }: Activation, { key, signers }: Exporter): boolean {
  if (issuer === key) return true;
  return issuerAccount === key && signers.has(issuer);
}

function isInForce({ expiresAt, notBefore }: Activation, now: number): boolean {
  return (expiresAt === 0 || now < expiresAt) && notBefore <= now;
}
