import { X509Certificate } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { extensionsIn, readCertificate } from '../../../protocols/x509/certificate.ts';
import { DerError, Tag } from '../../../protocols/x509/der.ts';
import { der, objectId, octetString, sequence } from '../../../protocols/x509/der-writer.ts';
import { certificate as fixture } from '../../fixtures/tls/certificates.ts';
import { makeCertificate, setOf } from '../../kits/certificate-maker.ts';

const rich = makeCertificate({
  subject: [['O', 'acme'], setOf(['OU', 'x'], ['CN', 'a, DNS:b'])],
  emails: ['e@x, DNS:evil.example', 'f@x'],
  hosts: ['a.example', '*.b.example'],
  uris: ['spiffe://a/b'],
  ocspUrls: ['http://ocsp.example/x'],
  usages: ['1.3.6.1.5.5.7.3.2'],
  mustStaple: true,
  serialNumber: Buffer.of(0x7f, 0x01),
  validFrom: new Date('2020-01-02T03:04:05Z'),
  validTo: new Date('2120-01-02T03:04:05Z'),
});

test('everything of interest is found in a certificate', () => {
  const read = readCertificate(rich.certificate);
  assert.equal(read.emailAddresses, ['e@x, DNS:evil.example', 'f@x']);
  assert.equal(read.dnsNames, ['a.example', '*.b.example']);
  assert.equal(read.uris, ['spiffe://a/b']);
  assert.equal(read.ocspUrls, ['http://ocsp.example/x']);
  assert.equal(read.extendedKeyUsages, ['1.3.6.1.5.5.7.3.2']);
  assert.is(read.mustStaple, true);
  assert.equal(Buffer.from(read.serialNumber), Buffer.of(0x7f, 0x01));
  assert.is(read.validFrom, Date.parse('2020-01-02T03:04:05Z'));
  assert.is(read.validTo, Date.parse('2120-01-02T03:04:05Z'));
  const names = read.subject.map((set) => set.map(({ type, value }) => `${type}=${value}`));
  assert.equal(names, [['2.5.4.10=acme'], ['2.5.4.11=x', '2.5.4.3=a, DNS:b']]);
  assert.equal(Buffer.from(read.encodedIssuer), Buffer.from(read.encodedSubject));
  const key = new X509Certificate(rich.certificate).publicKey.export({ format: 'der', type: 'spki' });
  assert.equal(Buffer.from(read.publicKeyInfo), key);
  assert.equal(Buffer.from(read.publicKey), key.subarray(-read.publicKey.length));
});

test('certificates that another program made are read', () => {
  for (const name of ['server', 'client', 'stranger'] as const) {
    const theirs = new X509Certificate(fixture(name).cert);
    const read = readCertificate(theirs.raw);
    assert.is(read.validTo, Date.parse(theirs.validTo));
    assert.is(read.mustStaple, false);
    assert.equal(read.ocspUrls, []);
  }
  const { emailAddresses, dnsNames } = readCertificate(new X509Certificate(fixture('client').cert).raw);
  assert.equal([emailAddresses, dnsNames], [['alice@example.com'], ['alice.example.com']]);
});

test('an extension may stand there once only', () => {
  const one = sequence(objectId('2.5.29.17'), octetString(sequence()));
  assert.is(extensionsIn(sequence(one)).size, 1);
  assert.throws(() => extensionsIn(sequence(one, one)), /the same extension twice/);
  const critical = sequence(objectId('2.5.29.17'), der(Tag.boolean, Buffer.of(0xff)), octetString(sequence()));
  assert.is(extensionsIn(sequence(critical)).get('2.5.29.17')!.isCritical, true);
});

test('what is cut off, or goes on, is no certificate', () => {
  for (let length = 0; length < rich.certificate.length; length++) {
    assert.throws(
      () => readCertificate(rich.certificate.subarray(0, length)),
      (error: unknown) => error instanceof DerError,
    );
  }
  assert.throws(() => readCertificate(Buffer.concat([rich.certificate, Buffer.of(0)])), /something follows/);
});

test('a certificate with any one byte changed is read or refused, and nothing else happens', () => {
  let refused = 0;
  for (let at = 0; at < rich.certificate.length; at++) {
    for (const bit of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(rich.certificate);
      changed[at]! ^= bit;
      try {
        readCertificate(changed);
      } catch (error) {
        assert.ok(error instanceof DerError, String(error));
        refused++;
      }
    }
  }
  assert.ok(refused > 100);
});

test.run();
