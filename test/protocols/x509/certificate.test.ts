import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCertificate } from '../../../protocols/x509/certificate.ts';
import { BadDer, DerReader, der, derIdentifier, identifierText, Tag } from '../../../protocols/x509/der.ts';
import { certificate } from '../../fixtures/tls/certificates.ts';
import { CN, makeCertificate } from '../../kits/certificate-maker.ts';

const full = makeCertificate({
  subject: [[CN, 'bob']],
  emails: ['bob@example.com', 'b@example.com'],
  dnsNames: ['bob.example.com'],
  uris: ['spiffe://example/bob'],
  addresses: ['127.0.0.1'],
  ocspUrl: 'http://ocsp.example.com/',
  mustStaple: true,
  extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'],
  serial: 0x81,
});

test('everything a certificate says of its owner is read', () => {
  const read = readCertificate(full.der);
  assert.equal(read.emails, ['bob@example.com', 'b@example.com']);
  assert.equal(read.dnsNames, ['bob.example.com']);
  assert.equal(read.uris, ['spiffe://example/bob']);
  assert.equal(read.ocspUrls, ['http://ocsp.example.com/']);
  assert.ok(read.mustStaple);
  assert.equal(read.extendedKeyUsages, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(read.subject, [[{ type: CN, value: 'bob' }]]);
  assert.is(read.serial.toString('hex'), '0081');
  const spki = new X509Certificate(full.pem).publicKey.export({ format: 'der', type: 'spki' });
  assert.equal(Buffer.from(read.publicKeyBytes), spki);
});

test('a certificate made by somebody else is read alike', () => {
  const read = readCertificate(new X509Certificate(certificate('client').cert).raw);
  assert.equal(read.emails, ['alice@example.com']);
  assert.equal(read.dnsNames, ['alice.example.com']);
  assert.is(read.mustStaple, false);
});

test('a name with a zero byte, which others take for its end, is no name', () => {
  const { der: bytes } = makeCertificate({ dnsNames: ['admin\0.example.com', 'plain.example.com'] });
  assert.equal(readCertificate(bytes).dnsNames, ['plain.example.com']);
});

test('a comma in a name does not make two of it', () => {
  const { der: bytes } = makeCertificate({ dnsNames: ['a.example.com, email:root@example.com'] });
  const { dnsNames, emails } = readCertificate(bytes);
  assert.equal([dnsNames, emails], [['a.example.com, email:root@example.com'], []]);
});

test('every truncation of a certificate is refused with a reason', () => {
  for (let end = 0; end < full.der.length; end++) {
    assert.throws(
      () => readCertificate(full.der.subarray(0, end)),
      (error: unknown) => error instanceof BadDer,
      `${end}`,
    );
  }
});

test('a certificate with any byte changed is read or refused, and nothing else', () => {
  for (let at = 0; at < full.der.length; at++) {
    for (const bit of [1, 0x20, 0x80]) {
      const bytes = Buffer.from(full.der);
      bytes[at]! ^= bit;
      try {
        readCertificate(bytes);
      } catch (error) {
        assert.ok(error instanceof BadDer, `byte ${at}: ${error}`);
      }
    }
  }
});

const REJECTS: [what: string, hex: string, reason: RegExp][] = [
  ['a length without an end', '3080', /a length of 0 bytes/],
  ['a length of too many bytes', '30850000000001', /a length of 5 bytes/],
  ['a length that could be shorter', '308103020101', /could be shorter/],
  ['a length with a zero in front', '30820003020101', /could be shorter/],
  ['an element that goes on past its end', '300502', /past its end/],
  ['a tag of several bytes', '1f8101', /several bytes/],
  ['nothing', '', /too early/],
];

for (const [what, hex, reason] of REJECTS) {
  test(`${what} is refused`, () => {
    assert.throws(() => new DerReader(Buffer.from(hex, 'hex')).next(), reason);
  });
}

test('identifiers and lengths come back as they were written', () => {
  for (const text of ['2.5.4.3', '1.2.840.113549.1.9.1', '0.9.2342.19200300.100.1.25', '2.999.1']) {
    assert.is(identifierText(new DerReader(derIdentifier(text)).next().content), text);
  }
  for (const length of [0, 127, 128, 255, 256, 65_535, 65_536]) {
    const element = new DerReader(der(Tag.octetString, Buffer.alloc(length))).next();
    assert.is(element.content.length, length);
  }
  assert.throws(() => identifierText(Buffer.from([0x2a, 0x86])), /without an end/);
});

test.run();
