/** Whose certificate it is, for those who have users of their own. */
import { readCertificate } from '../../../protocols/x509/certificate.ts';
import { DerError } from '../../../protocols/x509/der.ts';
import { userOfCertificate } from './certificate-user.ts';
import { parseDistinguishedName } from './distinguished-name.ts';

/** Undefined where it bears none of the names, or cannot be read. */
export function nameInCertificate(encoded: Uint8Array | undefined, names: readonly string[]): string | undefined {
  if (encoded === undefined) return undefined;
  try {
    const found = userOfCertificate(readCertificate(encoded), {
      names: () => names,
      parse: parseDistinguishedName,
      find: (name) => (names.includes(name) ? name : undefined),
    });
    return found?.user;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return undefined;
  }
}
