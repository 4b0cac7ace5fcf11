/**
 * NATS tokens: JWTs whose algorithm no JWT library knows. Decoded, all but the signature is checked here; what was signed and
 * the signature are handed on to whoever can compute.
 */
import { Buffer } from 'node:buffer';
import { decodePublicKey, NkeyKind } from '../nkeys/nkey-text.ts';
import { readAccount } from './account-claims.ts';
import { readActivation } from './activation-claims.ts';
import { readAuthorizationRequest, readAuthorizationResponse } from './authorization-claims.ts';
import { type Claims, type ClaimsOf, type ClaimsType, readStandard, type StandardClaims } from './claims.ts';
import { MemberReader, MistypedMember } from './member-reader.ts';
import { readOperator } from './operator-claims.ts';
import { readUser } from './user-claims.ts';

export const TOKEN_BYTES_MAX = 1_048_576;
const VERSION = 2;
const SIGNATURE_BYTES = 64;

export interface Token<C extends Claims = Claims> {
  readonly claims: C;
  /** What the issuer signed. */
  readonly signedText: string;
  readonly signature: Buffer;
}

/** A token of which no more was read than who speaks of whom, and when. The rest may be long, and whoever signed it a stranger. */
export interface OpenedToken<C extends Claims = Claims> {
  readonly type: C['type'];
  readonly outline: Outline;
  readonly signedText: string;
  readonly signature: Buffer;
  readClaims(): C | Failure;
}

export interface Outline extends Pick<StandardClaims, 'subject' | 'issuer' | 'notBefore' | 'expiresAt' | 'version'> {
  /** Of users whose token a signing key of the account signed; else empty. */
  readonly issuerAccount: string;
}

export interface Failure {
  readonly failure: string;
}

/** `claim failed V2 signature verification`, as servers say it of a token whose signature is wrong. */
export function signatureFailure({ claims }: { readonly claims: Pick<StandardClaims, 'version'> }): string {
  return `claim failed V${claims.version < 2 ? 1 : 2} signature verification`;
}

export function decodeToken(text: string): Token | Failure {
  const opened = openToken(text);
  if ('failure' in opened) return opened;
  const { signedText, signature } = opened;
  const claims = opened.readClaims();
  return 'failure' in claims ? claims : { claims, signedText, signature };
}

/** All but the claims themselves is checked. */
function openToken(text: string): OpenedToken | Failure {
  if (text.length > TOKEN_BYTES_MAX) {
    return { failure: `token size ${text.length} exceeds maximum of ${TOKEN_BYTES_MAX} bytes: token too large` };
  }
  // Where a token is the content of a file, a line ends behind it.
  const chunks = text.replace(/[\r\n]+$/, '').split('.');
  if (chunks.length !== 3) return { failure: 'expected 3 chunks' };
  const [header, payload, signature] = chunks as [string, string, string];
  return withoutThrowing(() => {
    checkHeader(parseChunk(header, 'header'));
    const members = parseChunk(payload, 'payload');
    const { type, writtenType, outline } = readOutline(members);
    checkIssuer(type, outline.issuer);
    const signedText = outline.version < 2 ? payload : text.slice(0, header.length + 1 + payload.length);
    const readClaims = (): Claims | Failure =>
      withoutThrowing(() => readTyped(type, writtenType, outline.version, members));
    return { type, outline, signedText, signature: decodeSignature(signature), readClaims };
  });
}

function withoutThrowing<Value>(read: () => Value): Value | Failure {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadToken || error instanceof MistypedMember) return { failure: error.message };
    throw error;
  }
}

/** Of one type. */
export function openTokenOf<Type extends ClaimsType>(type: Type, text: string): OpenedToken<ClaimsOf<Type>> | Failure {
  const opened = openToken(text);
  if ('failure' in opened || opened.type === type) return opened as OpenedToken<ClaimsOf<Type>> | Failure;
  return { failure: `not ${type.replace('_', ' ')} claim` };
}

/** The same as `decodeToken`, of one type. */
export function decodeTokenOf<Type extends ClaimsType>(type: Type, text: string): Token<ClaimsOf<Type>> | Failure {
  const token = decodeToken(text);
  if ('failure' in token || token.claims.type === type) return token as Token<ClaimsOf<Type>> | Failure;
  return { failure: `not ${type.replace('_', ' ')} claim` };
}

/** What is to be signed; the token is this, a dot, and the signature in base64url. */
export function textToSign(payload: object): string {
  return `${HEADER}.${encodeChunk(payload)}`;
}

export function withSignature(signedText: string, signature: Uint8Array): string {
  return `${signedText}.${Buffer.from(signature).toString('base64url')}`;
}

const HEADER = encodeChunk({ typ: 'JWT', alg: 'ed25519-nkey' });

class BadToken extends Error {}

function encodeChunk(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function parseChunk(chunk: string, what: string): MemberReader {
  const bytes = decodeChunk(chunk);
  if (bytes === null) throw new BadToken(`the ${what} is not base64url`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw new BadToken(`the ${what} is not JSON`);
  }
  if (value === null) throw new BadToken(`the ${what} is empty`);
  return new MemberReader(value, '');
}

function decodeSignature(chunk: string): Buffer {
  const signature = decodeChunk(chunk);
  if (signature?.length !== SIGNATURE_BYTES) throw new BadToken('the signature is not of 64 bytes');
  return signature;
}

/**
 * Null when it is not base64url. Node leaves out what is none, and the result is too short; only of the other base64 it takes
 * all. A regular expression would take longer than all that.
 */
function decodeChunk(chunk: string): Buffer | null {
  if (chunk.length % 4 === 1 || chunk.includes('+') || chunk.includes('/')) return null;
  const bytes = Buffer.from(chunk, 'base64url');
  return bytes.length > 0 && bytes.length === Math.floor((chunk.length * 3) / 4) ? bytes : null;
}

function checkHeader(header: MemberReader): void {
  const type = header.text('typ');
  if (type.toLowerCase() !== 'jwt') throw new BadToken(`not supported type "${printable(type)}"`);
  const algorithm = header.text('alg').toLowerCase();
  if (!/^ed25519(-nkey)?$/.test(algorithm)) throw new BadToken(`unexpected "${printable(algorithm)}" algorithm`);
}

function readOutline(payload: MemberReader): { type: ClaimsType; writtenType: string; outline: Outline } {
  const nats = payload.object('nats');
  const version = versionOf(payload, nats);
  const writtenType = version < 2 ? payload.text('type') : nats.text('type');
  const type = Object.hasOwn(ISSUERS, writtenType) ? (writtenType as ClaimsType) : 'generic';
  const outline = {
    subject: payload.text('sub'),
    issuer: payload.text('iss'),
    notBefore: payload.integer('nbf'),
    expiresAt: payload.integer('exp'),
    version,
    issuerAccount: type === 'user' ? nats.text('issuer_account') : '',
  };
  return { type, writtenType, outline };
}

/** Where no version stands, a type beside the standard claims tells a token of version 1. */
function versionOf(payload: MemberReader, nats: MemberReader): number {
  const version = nats.integer('version');
  if (version > VERSION) throw new BadToken('JWT was generated by a newer version ');
  if (version >= 2) return version;
  return payload.has('type') ? 1 : VERSION;
}

function readTyped(type: ClaimsType, writtenType: string, version: number, payload: MemberReader): Claims {
  const nats = payload.object('nats');
  const standard = readStandard(payload, nats, version);
  switch (type) {
    case 'operator':
      return readOperator(standard, nats);
    case 'account':
      return readAccount(standard, nats);
    case 'user':
      return readUser(standard, nats);
    case 'activation':
      return readActivation(standard, nats);
    case 'authorization_request':
      return readAuthorizationRequest(standard, nats);
    case 'authorization_response':
      return readAuthorizationResponse(standard, nats);
    default:
      return { ...standard, type: 'generic', writtenType, nats };
  }
}

const ISSUERS: Readonly<Record<ClaimsType, readonly number[] | null>> = {
  operator: [NkeyKind.operator],
  account: [NkeyKind.account, NkeyKind.operator],
  user: [NkeyKind.account],
  activation: [NkeyKind.account, NkeyKind.operator],
  authorization_request: [NkeyKind.server],
  authorization_response: [NkeyKind.account],
  generic: null,
};

const KIND_NAMES: ReadonlyMap<number, string> = new Map([
  [NkeyKind.operator, 'operator'],
  [NkeyKind.account, 'account'],
  [NkeyKind.server, 'server'],
]);

function checkIssuer(type: ClaimsType, issuer: string): void {
  const kinds = ISSUERS[type];
  const kind = decodePublicKey(issuer)?.kind;
  if (kind === undefined) throw new BadToken(`the issuer "${printable(issuer)}" is no public key`);
  if (kinds === null || kinds.includes(kind)) return;
  throw new BadToken(`unable to validate expected prefixes - [${kinds.map((one) => KIND_NAMES.get(one)).join(' ')}]`);
}

/** What strangers send must not forge lines of the log. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 100)).slice(1, -1);
}
