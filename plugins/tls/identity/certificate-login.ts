/**
 * Clients that are told by their certificate: an authenticator for those who come through a listener with `verify_and_map`,
 * and a guard for everybody else, since its users usually have no password.
 */
import { isRefusal, type Refusal, refuse } from '../../../kernel/plugin-api.ts';
import { type Certificate, readCertificate } from '../../../protocols/x509/certificate.ts';
import { DerError } from '../../../protocols/x509/der.ts';
import type {
  Authenticator,
  Connection,
  ConnectionType,
  KnownUser,
  LoginAttempt,
  Verdict,
} from '../../auth/contract.ts';
import type { HandshakeFacts } from '../contract.ts';
import { type Found, userOfCertificate } from './certificate-user.ts';
import { ParsedNames } from './parsed-names.ts';

export interface LoginWords {
  debug(connection: Connection, text: string): void;
  warn(text: string): void;
}

/** By the type of their connections, the listeners that may have `verify_and_map`, and whether they have it now. */
export type MappingListeners = Iterable<readonly [type: ConnectionType, isOn: () => boolean]>;

export function certificateLogin(listeners: MappingListeners, words: LoginWords): Authenticator {
  const names = new ParsedNames();
  return {
    isLoginRequired: false,
    needsNonce: false,
    authenticate(attempt) {
      const mapped = typesThatMap(listeners);
      if (mapped.length === 0 || !hasNamedUsers(attempt) || comesByKey(attempt)) return undefined;
      const isOwn = mapped.includes(attempt.connectionType) && isMapped(attempt.connection);
      return isOwn ? authenticate(attempt, words, names) : guardWithoutPassword(attempt, mapped);
    },
  };
}

function typesThatMap(listeners: MappingListeners): ConnectionType[] {
  return [...listeners].filter(([, isOn]) => isOn()).map(([type]) => type);
}

function hasNamedUsers(attempt: LoginAttempt): boolean {
  return attempt.userNames()[Symbol.iterator]().next().done !== true;
}

/** Users with a key come first, and by their key only. */
function comesByKey({ credentials, hasKeyUsers, nobody }: LoginAttempt): boolean {
  if (!hasKeyUsers) return false;
  return credentials.nkey !== '' || (bringsNothing(credentials) && nobody !== null && 'key' in nobody);
}

function bringsNothing({ user, pass, auth_token, nkey }: LoginAttempt['credentials']): boolean {
  return user === '' && pass === '' && auth_token === '' && nkey === '';
}

/** A listener of another plugin says it of its own connections. */
function isMapped({ transport }: Connection): boolean {
  const facts = transport.tls as Partial<HandshakeFacts> | null;
  return facts?.mapsIdentity ?? (transport.kind === 'tcp' || transport.kind === 'memory');
}

async function authenticate(
  attempt: LoginAttempt,
  words: LoginWords,
  names: ParsedNames,
): Promise<Verdict | undefined> {
  const { connection, credentials } = attempt;
  // Without CONNECT nobody gets in, unless clients that bring nothing are somebody.
  if (attempt.isImplicit && attempt.nobody === null) return undefined;
  const found = findUser(attempt, words, names);
  if (found === undefined) return attempt.refuse();
  words.debug(connection, `Using ${found.by} for auth [${JSON.stringify(found.user.name)}]`);
  if (credentials.user !== '') {
    words.warn(`User ${JSON.stringify(credentials.user)} found in connect proto, but user required from cert`);
  }
  const verdict = await attempt.admit(found.user, { withPassword: true });
  return isRefusal(verdict) ? underName(verdict, found.user) : verdict;
}

/** The log shows who it would have been. */
function underName({ closeReason, cause }: Refusal, { name }: KnownUser): Refusal {
  return refuse(`User ${JSON.stringify(name)}`, cause, closeReason);
}

function findUser(attempt: LoginAttempt, words: LoginWords, parsed: ParsedNames): Found<KnownUser> | undefined {
  const { connection, connectionType } = attempt;
  const certificate = certificateOf(connection, words);
  if (certificate === undefined) return undefined;
  const found = userOfCertificate(certificate, {
    names: () => attempt.userNames(),
    parse: (name) => parsed.parse(name),
    find(name) {
      const user = attempt.findNamed(name);
      if (user === undefined) return undefined;
      const { connectionTypes } = user;
      return connectionTypes.length === 0 || connectionTypes.includes(connectionType) ? user : undefined;
    },
  });
  if (found === undefined) words.debug(connection, 'User in cert, not found');
  return found;
}

function certificateOf(connection: Connection, words: LoginWords): Certificate | undefined {
  const encoded = connection.transport.tls?.peerCertificates[0];
  if (encoded === undefined) {
    words.debug(connection, 'User required in cert, no peer certificates found');
    return undefined;
  }
  try {
    return readCertificate(encoded);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    words.debug(connection, `User required in cert, which cannot be read: ${error.message}`);
    return undefined;
  }
}

/**
 * Whoever is told by a certificate there needs no password, and must not get in elsewhere by the name alone. Not so for a user that
 * cannot come that way, nor for the one that everybody is who brings nothing.
 */
function guardWithoutPassword(attempt: LoginAttempt, mapped: readonly ConnectionType[]): Verdict | undefined {
  const { credentials } = attempt;
  const user = credentials.user === '' ? undefined : attempt.findNamed(credentials.user);
  if (user === undefined || user === attempt.nobody || !('password' in user) || user.password !== '') return undefined;
  const { connectionTypes } = user;
  const comesByCertificate = connectionTypes.length === 0 || connectionTypes.some((type) => mapped.includes(type));
  return comesByCertificate ? attempt.refuse() : undefined;
}
