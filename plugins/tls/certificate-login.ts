/** `verify_and_map`: the client's certificate says which of the configured users it is. */
import { type Certificate, readCertificate } from '../../protocols/x509/certificate.ts';
import { BadDer } from '../../protocols/x509/der.ts';
import {
  type ComparableName,
  comparableSubject,
  domainText,
  parseName,
  subjectText,
} from '../../protocols/x509/distinguished-name.ts';
import type { Authenticator, KnownUser, LoginAttempt, Verdict } from '../auth/contract.ts';

/** Names that were parsed are kept, until there are more than anybody configures. */
const PARSED_MAX = 100_000;

export interface CertificateLoginWorld {
  /** The block of the port somebody came through says that certificates tell who that is. */
  isOn(attempt: LoginAttempt): boolean;
  warn(text: string): void;
  debug(attempt: LoginAttempt, text: string): void;
}

export class CertificateLogin implements Authenticator {
  readonly isLoginRequired = false;
  readonly needsNonce = false;
  private readonly world: CertificateLoginWorld;
  private readonly parsed = new Map<string, ComparableName | null>();

  constructor(world: CertificateLoginWorld) {
    this.world = world;
  }

  /** Where nobody is configured by name, a certificate names nobody; a key that is asked for counts more than a certificate. */
  authenticate(attempt: LoginAttempt): Promise<Verdict> | Verdict | undefined {
    const { credentials } = attempt;
    if (!this.world.isOn(attempt) || isEmpty(attempt.userNames())) return undefined;
    if (attempt.hasKeyUsers && credentials.nkey !== '') return undefined;
    const user = this.userOf(attempt);
    if (user === undefined) return attempt.refuse();
    if (credentials.user !== '') {
      this.world.warn(`User ${JSON.stringify(credentials.user)} found in connect proto, but user required from cert`);
    }
    return attempt.admit(user, { withPassword: true });
  }

  private userOf(attempt: LoginAttempt): KnownUser | undefined {
    const [own] = attempt.connection.transport.tls?.peerCertificates ?? [];
    if (own === undefined) {
      this.world.debug(attempt, 'User required in cert, no TLS connection state or no certificate');
      return undefined;
    }
    try {
      return this.namedUser(attempt, readCertificate(own));
    } catch (error) {
      if (!(error instanceof BadDer)) throw error;
      this.world.debug(attempt, `the certificate cannot be read: ${error.message}`);
      return undefined;
    }
  }

  private namedUser(attempt: LoginAttempt, certificate: Certificate): KnownUser | undefined {
    const { emails, dnsNames, uris, subject } = certificate;
    const text = subjectText(subject);
    const domains = domainText(subject);
    const found =
      this.first(attempt, emails, 'email found in cert') ??
      this.first(attempt, dnsNames, 'SAN found in cert') ??
      this.first(attempt, uris, 'URI found in cert') ??
      this.byDistinguishedName(attempt, comparableSubject(subject)) ??
      this.first(attempt, domains === '' ? [] : [`${text},${domains}`], 'RDNSequence') ??
      this.first(attempt, [text], 'certificate subject');
    if (found === undefined) this.world.debug(attempt, `User in cert [${JSON.stringify(text)}], not found`);
    return found;
  }

  private first(attempt: LoginAttempt, names: readonly string[], what: string): KnownUser | undefined {
    const name = names.find((candidate) => isFit(attempt, attempt.findNamed(candidate)));
    return name === undefined ? undefined : this.using(attempt, name, what);
  }

  /** The order of the certificate, read from its end, counts more than any other. */
  private byDistinguishedName(attempt: LoginAttempt, wanted: ComparableName | null): KnownUser | undefined {
    if (wanted === null) return undefined;
    let inOtherOrder: string | undefined;
    for (const name of attempt.userNames()) {
      const parsed = this.parse(name);
      if (parsed?.unordered !== wanted.unordered || !isFit(attempt, attempt.findNamed(name))) continue;
      if (parsed.ordered === wanted.ordered) return this.using(attempt, name, 'DistinguishedNameMatch');
      inOtherOrder ??= name;
    }
    return inOtherOrder === undefined ? undefined : this.using(attempt, inOtherOrder, 'DistinguishedNameMatch');
  }

  private using(attempt: LoginAttempt, name: string, what: string): KnownUser | undefined {
    this.world.debug(attempt, `Using ${what} for auth [${JSON.stringify(name)}]`);
    return attempt.findNamed(name);
  }

  private parse(name: string): ComparableName | null {
    let parsed = this.parsed.get(name);
    if (parsed !== undefined) return parsed;
    if (this.parsed.size >= PARSED_MAX) this.parsed.clear();
    parsed = parseName(name);
    this.parsed.set(name, parsed);
    return parsed;
  }
}

/** A user that may not come in this way is passed over: another name of the certificate may be one that may. */
function isFit({ connectionType }: LoginAttempt, user: KnownUser | undefined): boolean {
  if (user === undefined) return false;
  return user.connectionTypes.length === 0 || user.connectionTypes.includes(connectionType);
}

function isEmpty(names: Iterable<string>): boolean {
  for (const _ of names) return false;
  return true;
}
