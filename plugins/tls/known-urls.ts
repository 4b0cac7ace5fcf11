/** Between servers: whether a certificate names a server that is known (`verify_cert_and_check_known_urls`). */
import { readCertificate } from '../../protocols/x509/certificate.ts';
import { DerError } from '../../protocols/x509/der.ts';

export function certificateNamesKnownHost(certificate: Uint8Array, hosts: Iterable<string>): boolean {
  try {
    return namesKnownHost(readCertificate(certificate).dnsNames, hosts);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** Each name is one of the certificate's DNS names; a host is that of a configured URL. */
export function namesKnownHost(dnsNames: readonly string[], hosts: Iterable<string>): boolean {
  const known = [...hosts].map(labelsOf);
  return dnsNames.some((name) => known.some((labels) => isFor(labelsOf(name), labels)));
}

function labelsOf(host: string): string[] {
  return host.toLowerCase().split('.');
}

/** A star stands for one whole label, the leftmost. */
function isFor(pattern: readonly string[], host: readonly string[]): boolean {
  if (pattern.length !== host.length) return false;
  return pattern.every((label, index) => (index === 0 && label === '*') || label === host[index]);
}
