/** Which configured user a certificate belongs to: the first of its names that is one (`verify_and_map`). */
import type { Certificate } from '../../../protocols/x509/certificate.ts';
import {
  areEqual,
  type DistinguishedName,
  domainComponents,
  haveSameSets,
  nameOfSubject,
  subjectText,
} from './distinguished-name.ts';

export interface UserSource<User> {
  /** A user of that name who may come in this way. */
  find(name: string): User | undefined;
  /** The names of all of them. */
  names(): Iterable<string>;
  /** One of these names as a distinguished name; undefined when it is none. */
  parse(name: string): DistinguishedName | undefined;
}

export interface Found<User> {
  readonly user: User;
  /** What it was found by, for the log. */
  readonly by: string;
}

export function userOfCertificate<User>(certificate: Certificate, users: UserSource<User>): Found<User> | undefined {
  const { subject } = certificate;
  return (
    byName(certificate.emailAddresses, 'email found in cert', users) ??
    byName(certificate.dnsNames, 'SAN found in cert', users) ??
    byName(certificate.uris, 'URI found in cert', users) ??
    byDistinguishedName(nameOfSubject(subject), users) ??
    byName(withDomain(subjectText(subject), domainComponents(subject)), 'RDNSequence', users) ??
    byName([subjectText(subject)], 'certificate subject', users)
  );
}

function byName<User>(names: readonly string[], by: string, users: UserSource<User>): Found<User> | undefined {
  for (const name of names) {
    const user = name === '' ? undefined : users.find(name);
    if (user !== undefined) return { user, by };
  }
  return undefined;
}

function withDomain(subject: string, domain: string): string[] {
  return domain === '' ? [] : [`${subject},${domain}`];
}

/** In the same order if there is such a user, otherwise in any. */
function byDistinguishedName<User>(
  wanted: DistinguishedName | undefined,
  users: UserSource<User>,
): Found<User> | undefined {
  if (wanted === undefined) return undefined;
  let reordered: Found<User> | undefined;
  for (const name of users.names()) {
    const parsed = users.parse(name);
    if (parsed === undefined || !haveSameSets(parsed, wanted)) continue;
    const user = users.find(name);
    if (user === undefined) continue;
    const found = { user, by: 'DistinguishedNameMatch' };
    if (areEqual(parsed, wanted)) return found;
    reordered ??= found;
  }
  return reordered;
}
