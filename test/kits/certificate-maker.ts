/** Makes certificates with Node alone, as tests need them: names of all kinds, authorities, responders. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { contextTag, Tag } from '../../protocols/x509/der.ts';
import { der, objectId, octetString, sequence } from '../../protocols/x509/der-writer.ts';

export interface Party {
  readonly certificate: Buffer;
  readonly key: KeyObject;
  readonly pem: string;
  readonly keyPem: string;
}

export interface Wanted {
  /** Attributes as `CN`, `OU` ... or by object identifier, each with its value, in the order of the certificate. */
  readonly subject?: readonly (readonly [type: string, value: string] | Buffer)[];
  readonly emails?: readonly string[];
  readonly hosts?: readonly string[];
  readonly uris?: readonly string[];
  /** Absent: vouches for itself. */
  readonly issuer?: Party & { readonly subject: Buffer };
  readonly isAuthority?: boolean;
  readonly ocspUrls?: readonly string[];
  readonly mustStaple?: boolean;
  readonly usages?: readonly string[];
  readonly serialNumber?: Buffer;
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

export type Made = Party & { readonly subject: Buffer };

const TYPES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  POSTALCODE: '2.5.4.17',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  EMAIL: '1.2.840.113549.1.9.1',
};
export const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const DAY_MS = 86_400_000;

export function makeCertificate(wanted: Wanted): Made {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf(wanted.subject ?? []);
  const from = wanted.validFrom ?? new Date(Date.now() - DAY_MS);
  const to = wanted.validTo ?? new Date(Date.now() + DAY_MS);
  const body = sequence(
    der(contextTag(0), der(Tag.integer, Buffer.of(2))),
    der(Tag.integer, wanted.serialNumber ?? Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    wanted.issuer?.subject ?? subject,
    sequence(timeOf(from), timeOf(to)),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(contextTag(3), sequence(...extensionsOf(wanted))),
  );
  const signature = sign('sha256', body, wanted.issuer?.key ?? privateKey);
  const certificate = sequence(body, ECDSA_WITH_SHA256, bits(signature));
  const keyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { certificate, key: privateKey, pem: pemOf(certificate), keyPem, subject };
}

export function bits(bytes: Uint8Array): Buffer {
  return der(Tag.bitString, Buffer.of(0), bytes);
}

export function timeOf(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  return der(Tag.generalizedTime, Buffer.from(digits));
}

function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** One set for each attribute; several in one set are made with `setOf`. */
export function nameOf(attributes: NonNullable<Wanted['subject']>): Buffer {
  return sequence(
    ...attributes.map((attribute) => (Buffer.isBuffer(attribute) ? attribute : setOf(attribute as [string, string]))),
  );
}

export function setOf(...attributes: readonly (readonly [type: string, value: string])[]): Buffer {
  const encoded = attributes.map(([type, value]) =>
    sequence(objectId(TYPES[type] ?? type), der(Tag.utf8String, Buffer.from(value))),
  );
  return der(Tag.set, ...encoded.sort(Buffer.compare));
}

function extensionsOf(wanted: Wanted): Buffer[] {
  const { emails = [], hosts = [], uris = [], ocspUrls = [], usages = [] } = wanted;
  const names = [
    ...emails.map((name) => der(contextTag(1, false), Buffer.from(name))),
    ...hosts.map((name) => der(contextTag(2, false), Buffer.from(name))),
    ...uris.map((name) => der(contextTag(6, false), Buffer.from(name))),
  ];
  const access = ocspUrls.map((url) =>
    sequence(objectId('1.3.6.1.5.5.7.48.1'), der(contextTag(6, false), Buffer.from(url))),
  );
  const isAuthority = wanted.isAuthority === true;
  return [
    ...(isAuthority ? [extension('2.5.29.19', sequence(der(Tag.boolean, Buffer.of(0xff))), true)] : []),
    ...(isAuthority ? [extension('2.5.29.15', der(Tag.bitString, Buffer.of(1, 0x06)), true)] : []),
    ...(names.length > 0 ? [extension('2.5.29.17', sequence(...names))] : []),
    ...(access.length > 0 ? [extension('1.3.6.1.5.5.7.1.1', sequence(...access))] : []),
    ...(usages.length > 0 ? [extension('2.5.29.37', sequence(...usages.map(objectId)))] : []),
    ...(wanted.mustStaple === true ? [extension('1.3.6.1.5.5.7.1.24', sequence(der(Tag.integer, Buffer.of(5))))] : []),
    ...(names.length + access.length + usages.length === 0 && !isAuthority ? [extension('2.5.29.19', sequence())] : []),
  ];
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der(Tag.boolean, Buffer.of(0xff))] : [];
  return sequence(objectId(id), ...critical, octetString(value));
}
