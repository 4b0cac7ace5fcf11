import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { certificateNamesKnownHost, namesKnownHost } from '../../../plugins/tls/known-urls.ts';
import { makeCertificate } from '../../kits/certificate-maker.ts';

/** A name of the certificate, a configured host, and whether they go together. */
const PAIRS: [string, string, boolean][] = [
  ['a.example.com', 'a.example.com', true],
  ['A.Example.com', 'a.eXample.COM', true],
  ['*.example.com', 'a.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'a.b.example.com', false],
  ['a.*.com', 'a.example.com', false],
  ['*', 'localhost', true],
  ['a*.example.com', 'ab.example.com', false],
  ['a.example.com', '*.example.com', false],
  ['a.example.com', 'b.example.com', false],
];

test('a DNS name stands for the same host, or with a star in front for one of any first label', () => {
  for (const [name, host, isKnown] of PAIRS) assert.is(namesKnownHost([name], [host]), isKnown, `${name} ${host}`);
});

test('one name of one known host is enough, and none is not', () => {
  assert.is(namesKnownHost(['x', 'b'], ['a', 'b']), true);
  assert.is(namesKnownHost([], ['a']), false);
  assert.is(namesKnownHost(['a'], []), false);
});

test('only DNS names of the certificate count, and what is no certificate has none', () => {
  const { certificate } = makeCertificate({ subject: [['CN', 'b']], hosts: ['a'], uris: ['c'] });
  assert.equal(
    ['a', 'b', 'c'].map((host) => certificateNamesKnownHost(certificate, [host])),
    [true, false, false],
  );
  assert.is(certificateNamesKnownHost(certificate.subarray(0, 40), ['a']), false);
});

test.run();
