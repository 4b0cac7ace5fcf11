/** From a block to what handshakes need: files read, keys and certificates checked against each other. */
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Disk } from '../../kernel/plugin-api.ts';
import type { ServedCertificate, TlsSettings } from './contract.ts';
import type { CertificateFiles, TlsOptions } from './tls-options.ts';

/** Throws with the reason when a file cannot be used. */
export function loadSettings(options: TlsOptions, disk: Disk): TlsSettings {
  const authorities = options.authorityFile === '' ? undefined : readAuthorities(options.authorityFile, disk);
  const loaded = options.certificates.map((pair) => loadPair(pair, options, authorities, disk));
  return {
    options,
    certificates: loaded.map(({ served }) => served),
    expiresAt: loaded[0]?.expiresAt ?? 0,
  };
}

interface Loaded {
  readonly served: ServedCertificate;
  readonly expiresAt: number;
}

function loadPair(
  { certificateFile, keyFile, label }: CertificateFiles,
  options: TlsOptions,
  authorities: Buffer | undefined,
  disk: Disk,
): Loaded {
  try {
    const cert = readPem(certificateFile, disk);
    const key = readPem(keyFile, disk);
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) throw new Error('private key does not match public key');
    const context = createSecureContext({
      cert,
      key,
      ca: authorities,
      ciphers: options.ciphers,
      honorCipherOrder: true,
      ecdhCurve: options.curves,
      minVersion: options.versionMin,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    });
    const covers = (host: string): boolean => certificate.checkHost(host) !== undefined;
    return { served: { context, covers }, expiresAt: Date.parse(certificate.validTo) };
  } catch (error) {
    throw new Error(`error parsing X509 certificate/key pair${label}: ${(error as Error).message}`, { cause: error });
  }
}

function readAuthorities(path: string, disk: Disk): Buffer {
  const pem = readPem(path, disk);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('failed to parse root ca certificate');
  return pem;
}

function readPem(path: string, disk: Disk): Buffer {
  try {
    return Buffer.from(disk.readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === 'ENOENT' ? `open ${path}: no such file or directory` : message, { cause: error });
  }
}
