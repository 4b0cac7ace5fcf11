/** From a block to what handshakes need: files read, keys and certificates checked against each other. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Disk } from '../../kernel/plugin-api.ts';
import type { ServedCertificate, TlsSettings } from './contract.ts';
import type { CertificateFiles, TlsOptions } from './tls-options.ts';

type FileReader = Pick<Disk, 'readFileSync'>;

/** Throws with the reason when a file cannot be used. */
export function loadSettings(options: TlsOptions, disk: FileReader): TlsSettings {
  const authorities = options.authorityFile === '' ? undefined : readAuthorities(options.authorityFile, disk);
  const loaded = options.certificates.map((pair) => loadPair(pair, options, authorities, disk));
  return {
    options,
    certificates: loaded.map(({ served }) => served),
    expiresAt: loaded[0]?.expiresAt ?? 0,
    anonymous: loaded.length > 0 ? null : createSecureContext({ ca: authorities, ...habits(options) }),
  };
}

function habits(options: TlsOptions): SecureContextOptions {
  return {
    ciphers: options.ciphers,
    honorCipherOrder: true,
    ecdhCurve: options.curves,
    minVersion: options.versionMin,
    // A client that prefers ChaCha20 has no hardware for AES.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA,
  };
}

const PEM_BEGIN = '-----BEGIN ';
const READ_FAILURES: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `open ${path}: no such file or directory`,
  EACCES: (path) => `open ${path}: permission denied`,
  ENOTDIR: (path) => `open ${path}: not a directory`,
  EISDIR: (path) => `read ${path}: is a directory`,
};

interface Loaded {
  readonly served: ServedCertificate;
  readonly expiresAt: number;
}

function loadPair(
  { certificateFile, keyFile, label }: CertificateFiles,
  options: TlsOptions,
  authorities: Buffer | undefined,
  disk: FileReader,
): Loaded {
  try {
    const cert = readPem(certificateFile, disk);
    const key = readPem(keyFile, disk);
    const certificate = checkPair(cert, key);
    const context = createSecureContext({
      cert,
      key,
      ca: authorities,
      ...habits(options),
    });
    const covers = (host: string): boolean => certificate.checkHost(host) !== undefined;
    const shown = {
      certificate: certificate.raw,
      issuer: issuerOf(certificate, [cert, authorities]),
      file: certificateFile,
    };
    return { served: { context, covers, ...shown }, expiresAt: Date.parse(certificate.validTo) };
  } catch (error) {
    throw new Error(`error parsing X509 certificate/key pair${label}: ${(error as Error).message}`, { cause: error });
  }
}

/** The certificate, once both are known to be what they should be. */
function checkPair(cert: Buffer, key: Buffer): X509Certificate {
  if (!cert.includes(PEM_BEGIN)) throw new Error('tls: failed to find any PEM data in certificate input');
  if (!key.includes(PEM_BEGIN)) throw new Error('tls: failed to find any PEM data in key input');
  const certificate = parsed('x509: malformed certificate', () => new X509Certificate(cert));
  const privateKey = parsed('tls: failed to parse private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw new Error('tls: private key does not match public key');
  return certificate;
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Who vouches for it, if that one is in the files. */
function issuerOf(certificate: X509Certificate, files: readonly (Buffer | undefined)[]): Uint8Array | null {
  for (const file of files) {
    for (const [pem] of file?.toString('latin1').matchAll(PEM_BLOCK) ?? []) {
      const other = new X509Certificate(pem);
      const isOther = !other.raw.equals(certificate.raw);
      if (isOther && certificate.checkIssued(other) && certificate.verify(other.publicKey)) return other.raw;
    }
  }
  return null;
}

function readAuthorities(path: string, disk: FileReader): Buffer {
  const pem = readPem(path, disk);
  const failure = 'failed to parse root ca certificate';
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error(failure);
  parsed(failure, () => new X509Certificate(pem));
  return pem;
}

/** The library's own words speak of its inside. */
function parsed<Result>(failure: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw new Error(failure, { cause: error });
  }
}

function readPem(path: string, disk: FileReader): Buffer {
  try {
    return Buffer.from(disk.readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(READ_FAILURES[code ?? '']?.(path) ?? message, { cause: error });
  }
}
