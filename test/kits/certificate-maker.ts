/** Makes certificates, so that a test can have any it needs: authorities, servers, clients, with whatever names and extensions. */
import { Buffer } from 'node:buffer';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { context, der, derIdentifier, Tag } from '../../protocols/x509/der.ts';

export interface Wishes {
  /** Parts of the subject in their order, each by itself or several in one set. */
  readonly subject?: readonly (NamePart | readonly NamePart[])[];
  readonly emails?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly uris?: readonly string[];
  readonly addresses?: readonly string[];
  readonly isAuthority?: boolean;
  readonly ocspUrl?: string;
  readonly mustStaple?: boolean;
  readonly extendedKeyUsages?: readonly string[];
  readonly serial?: number;
  readonly from?: Date;
  readonly until?: Date;
}

export type NamePart = readonly [type: string, value: string];

export interface MadeCertificate {
  readonly der: Buffer;
  readonly pem: string;
  readonly key: KeyObject;
  readonly keyPem: string;
  readonly subject: Buffer;
}

export const CN = '2.5.4.3';
export const ORGANIZATION = '2.5.4.10';
export const UNIT = '2.5.4.11';
export const COUNTRY = '2.5.4.6';
export const DOMAIN = '0.9.2342.19200300.100.1.25';

const ECDSA_SHA256 = der(Tag.sequence, derIdentifier('1.2.840.10045.4.3.2'));
const YES = der(Tag.boolean, Buffer.from([0xff]));

/** Signed by the issuer, or by itself. */
export function makeCertificate(wishes: Wishes, issuer: MadeCertificate | null = null): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf(wishes.subject ?? []);
  const body = der(
    Tag.sequence,
    der(context(0), integer(2)),
    integer(wishes.serial ?? 1),
    ECDSA_SHA256,
    issuer?.subject ?? subject,
    der(Tag.sequence, time(wishes.from ?? new Date('2020-01-01')), time(wishes.until ?? new Date('2120-01-01'))),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(context(3), der(Tag.sequence, ...extensionsOf(wishes))),
  );
  const whole = signed(body, issuer?.key ?? privateKey);
  return {
    der: whole,
    pem: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`,
    key: privateKey,
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    subject,
  };
}

/** The three parts that certificates and OCSP answers have: what is said, how it is signed, the signature. */
export function signed(body: Buffer, key: KeyObject, ...more: Buffer[]): Buffer {
  const signature = sign('sha256', body, key);
  return der(Tag.sequence, body, ECDSA_SHA256, bitString(signature), ...more);
}

export function bitString(bytes: Uint8Array): Buffer {
  return der(Tag.bitString, Buffer.from([0]), bytes);
}

export function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return der(Tag.integer, bytes[0]! >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), bytes);
}

export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(Tag.generalizedTime, Buffer.from(digits, 'latin1'));
}

export function nameOf(parts: readonly (NamePart | readonly NamePart[])[]): Buffer {
  const sets = parts.map((part) => (typeof part[0] === 'string' ? [part as NamePart] : (part as readonly NamePart[])));
  return der(Tag.sequence, ...sets.map((set) => der(Tag.set, ...set.map(partOf))));
}

function partOf([type, value]: NamePart): Buffer {
  return der(Tag.sequence, derIdentifier(type), der(Tag.utf8, Buffer.from(value)));
}

function extensionsOf(wishes: Wishes): Buffer[] {
  const extensions: Buffer[] = [];
  const add = (identifier: string, content: Buffer, isCritical = false): void => {
    const critical = isCritical ? [YES] : [];
    extensions.push(der(Tag.sequence, derIdentifier(identifier), ...critical, der(Tag.octetString, content)));
  };
  if (wishes.isAuthority === true) add('2.5.29.19', der(Tag.sequence, YES), true);
  const names = namesOf(wishes);
  if (names.length > 0) add('2.5.29.17', der(Tag.sequence, ...names));
  if (wishes.ocspUrl !== undefined) {
    const place = der(context(6, false), Buffer.from(wishes.ocspUrl));
    add('1.3.6.1.5.5.7.1.1', der(Tag.sequence, der(Tag.sequence, derIdentifier('1.3.6.1.5.5.7.48.1'), place)));
  }
  if (wishes.mustStaple === true) add('1.3.6.1.5.5.7.1.24', der(Tag.sequence, integer(5)));
  const usages = wishes.extendedKeyUsages ?? [];
  if (usages.length > 0) add('2.5.29.37', der(Tag.sequence, ...usages.map(derIdentifier)));
  return extensions;
}

function namesOf({ emails = [], dnsNames = [], uris = [], addresses = [] }: Wishes): Buffer[] {
  const texts = (tag: number, list: readonly string[]): Buffer[] =>
    list.map((text) => der(context(tag, false), Buffer.from(text, 'latin1')));
  const numbers = addresses.map((address) => der(context(7, false), Buffer.from(address.split('.').map(Number))));
  return [...texts(1, emails), ...texts(2, dnsNames), ...texts(6, uris), ...numbers];
}

/** Of the key alone, as OCSP names an issuer. */
export function keyHash({ key }: MadeCertificate): Buffer {
  const spki = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(spki.x!, 'base64url'), Buffer.from(spki.y!, 'base64url')]);
  return createHash('sha1').update(point).digest();
}
