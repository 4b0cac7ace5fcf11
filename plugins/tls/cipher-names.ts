/** Cipher suites and curves by the names of the configuration, and what this runtime calls them. */
import { getCiphers } from 'node:tls';

/** Version 1.3 has no insecure suites and lets nobody choose: they are always there. */
const ALWAYS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

const SECURE: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
};
/** Older names of the same suites. */
const ALIASES: Readonly<Record<string, string>> = {
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
};

const INSECURE: Readonly<Record<string, string>> = {
  TLS_RSA_WITH_RC4_128_SHA: 'RC4-SHA',
  TLS_RSA_WITH_3DES_EDE_CBC_SHA: 'DES-CBC3-SHA',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_RC4_128_SHA: 'ECDHE-ECDSA-RC4-SHA',
  TLS_ECDHE_RSA_WITH_RC4_128_SHA: 'ECDHE-RSA-RC4-SHA',
  TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA: 'ECDHE-RSA-DES-CBC3-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
};

/** In the order in which they are preferred, whatever the order in the configuration: so has nats-server it. */
const CURVES: Readonly<Record<string, string>> = {
  X25519MLKEM768: 'X25519MLKEM768',
  SecP384r1MLKEM1024: 'SecP384r1MLKEM1024',
  SecP256r1MLKEM768: 'SecP256r1MLKEM768',
  X25519: 'X25519',
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
};

/** This runtime knows others, which nats-server does not take. */
export const DEFAULT_CURVES = curveList(Object.values(CURVES));

export const DEFAULT_CIPHERS = [...ALWAYS, ...Object.values(SECURE)].join(':');

export interface KnownSuite {
  readonly name: string;
  readonly isInsecure: boolean;
  /** Null when this runtime cannot speak it. */
  readonly runtimeName: string | null;
}

/** Undefined for a name nobody knows. */
export function findSuite(name: string): KnownSuite | undefined {
  const proper = ALIASES[name] ?? name;
  if (ALWAYS.includes(proper)) return { name, isInsecure: false, runtimeName: proper };
  const secure = SECURE[proper];
  const runtimeName = secure ?? INSECURE[proper];
  if (runtimeName === undefined) return undefined;
  const isThere = getCiphers().includes(runtimeName.toLowerCase());
  return { name, isInsecure: secure === undefined, runtimeName: isThere ? runtimeName : null };
}

export function cipherList(suites: readonly KnownSuite[]): string {
  const chosen = suites.map((suite) => suite.runtimeName).filter((name) => name !== null && !ALWAYS.includes(name));
  return [...ALWAYS, ...chosen].join(':');
}

/** As Node's TLS wants them. */
export function curveList(names: readonly string[]): string {
  return Object.values(CURVES)
    .filter((curve) => names.includes(curve) && isCurveSupported(curve))
    .join(':');
}

export function findCurve(name: string): string | undefined {
  return CURVES[name];
}

/** The key exchanges that withstand quantum computers came with a later version of the library underneath. */
export function isCurveSupported(runtimeName: string): boolean {
  if (!runtimeName.includes('MLKEM')) return true;
  const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 5);
}
