/** The `tls` block: read here wherever it stands. */
import { type ConfigNode, defineSchema, fields, type OptionsOf, type Problems } from '../../kernel/plugin-api.ts';
import {
  certificates,
  cipherSuites,
  curvePreferences,
  file,
  flag,
  foreignStore,
  foreignText,
  handshakeFirst,
  pinnedCertificates,
  rateLimit,
  timeout,
  versionMin,
} from './block-fields.ts';
import type { TlsRole } from './contract.ts';
import { fileMistake } from './file-check.ts';
import { ocspPeer } from './ocsp-peer-field.ts';
import type { CertificateFiles, TlsOptions } from './tls-options.ts';

const anything = { default: null, doc: 'Of Windows; not here.' };

export const blockSchema = defineSchema(
  {
    certificateFile: file('cert_file', 'The certificate, PEM.'),
    keyFile: file('key_file', 'Its private key, PEM.'),
    certificates: certificates(),
    authorityFile: file('ca_file', 'The authorities that vouch for client certificates, PEM.'),
    isInsecure: flag('insecure', 'As a client of another server, take any certificate.'),
    verifies: flag('verify', 'Clients must show a certificate, and it must be good.'),
    mapsIdentity: flag('verify_and_map', 'The same, and the certificate says who the client is.'),
    checksKnownUrls: flag(
      'verify_cert_and_check_known_urls',
      'Between servers: the certificate must name a known URL.',
    ),
    timeoutMs: timeout(),
    handshakesPerSecondMax: rateLimit(),
    handshakeFirst: handshakeFirst(),
    pinnedKeys: pinnedCertificates(),
    suites: cipherSuites(),
    allowsInsecureSuites: flag('allow_insecure_cipher_suites', 'Suites that are known to be weak may be chosen.'),
    curves: curvePreferences(),
    versionMin: versionMin(),
    peerStatus: ocspPeer(),
    store: foreignStore(),
    storeMatchBy: foreignText('cert_match_by', 'Of Windows; not here.'),
    storeMatch: foreignText('cert_match', 'Of Windows; not here.'),
    storeAuthorities: fields.node('ca_certs_match', anything),
    storeSkips: flag('cert_match_skip_invalid', 'Of Windows; not here.', ''),
  },
  { unknownKey: (key) => `error parsing tls config, unknown field "${key}"`, allowsVariables: false },
);

type Block = OptionsOf<typeof blockSchema.fields>;

/** The options of a block that is there, whose files can be used. */
export function readTlsBlock(node: unknown, role: TlsRole, problems: Problems): TlsOptions {
  const before = errorCount(problems);
  const options = readOptions(node as ConfigNode, role, problems);
  // What is wrong with the block itself may be the reason for what would be said of its files.
  const mistake = errorCount(problems) === before ? fileMistake(options) : null;
  if (mistake !== null) problems.error(node as ConfigNode, mistake);
  return options;
}

function errorCount({ list }: Problems): number {
  return list.filter(({ severity }) => severity === 'error').length;
}

function readOptions(place: ConfigNode, role: TlsRole, problems: Problems): TlsOptions {
  const block = blockSchema.read(place, problems);
  const complain = (text: string): void => problems.error(place, text);
  const pairs = pairsOf(block, complain);
  if (block.suites.insecure.length > 0 && !block.allowsInsecureSuites) {
    const list = block.suites.insecure.join(', ');
    complain(`insecure cipher suites configured without 'allow_insecure_cipher_suites' option set: ${list}`);
  }
  if (block.checksKnownUrls && role === 'client') {
    complain('verify_cert_and_check_known_urls not supported in this context');
  }
  const options = optionsOf(block, pairs, role);
  if (options.peerStatus !== null && role === 'client' && !options.verifies) {
    complain('OCSP peer verification for client connections requires TLS verify (mTLS) to be enabled');
  }
  return options;
}

function pairsOf(block: Block, complain: (text: string) => void): readonly CertificateFiles[] {
  const { certificateFile, keyFile } = block;
  if (certificateFile !== '' && block.certificates.length > 0) {
    complain("error parsing tls config, cannot combine 'cert_file' option with 'certs' option");
  } else if (certificateFile !== '' && keyFile === '') {
    complain("missing 'key_file' in TLS configuration");
  } else if (certificateFile === '' && keyFile !== '') {
    complain("missing 'cert_file' in TLS configuration");
  }
  return certificateFile === '' ? block.certificates : [{ certificateFile, keyFile, label: '' }];
}

function optionsOf(block: Block, pairs: readonly CertificateFiles[], role: TlsRole): TlsOptions {
  return Object.freeze({
    certificates: pairs,
    authorityFile: block.authorityFile,
    isInsecure: block.isInsecure,
    verifies: block.verifies || block.mapsIdentity || block.checksKnownUrls || role === 'server',
    mapsIdentity: block.mapsIdentity,
    checksKnownUrls: block.checksKnownUrls,
    timeoutMs: block.timeoutMs,
    handshakesPerSecondMax: block.handshakesPerSecondMax,
    handshakeFirst: block.handshakeFirst,
    pinnedKeys: block.pinnedKeys,
    ciphers: block.suites.list,
    curves: block.curves,
    peerStatus: block.peerStatus,
    versionMin: block.versionMin,
  });
}
