import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { userOfCertificate } from '../../../plugins/tls/identity/certificate-user.ts';
import { parseDistinguishedName } from '../../../plugins/tls/identity/distinguished-name.ts';
import { NAMES_MAX, ParsedNames } from '../../../plugins/tls/identity/parsed-names.ts';
import { readCertificate } from '../../../protocols/x509/certificate.ts';
import { makeCertificate, type Wanted } from '../../kits/certificate-maker.ts';
import { IDENTITY_CASES } from './identity-cases.ts';

function foundBy(wanted: Wanted, ...names: string[]): string {
  const users = new Set(names);
  const found = userOfCertificate(readCertificate(makeCertificate(wanted).certificate), {
    names: () => users,
    parse: parseDistinguishedName,
    find: (name) => (users.has(name) ? name : undefined),
  });
  return found === undefined ? '' : `${found.by}: ${found.user}`;
}

const DN = 'DistinguishedNameMatch';

test('a certificate stands for the users that it stands for with a NATS server', () => {
  for (const { wanted, user, by } of IDENTITY_CASES) {
    assert.is(foundBy(wanted, user), by === '' ? '' : `${by}: ${user}`, `${user} for ${by}`);
  }
});

test('the names beside the subject come first: mail, host, URI', () => {
  const wanted = { subject: [['CN', 'n']], emails: ['e@x', 'f@x'], hosts: ['h.x'], uris: ['spiffe://a/b'] } as const;
  const all = ['CN=n', 'spiffe://a/b', 'h.x', 'f@x', 'e@x'];
  const order = [...all].reverse();
  const kinds = ['email', 'email', 'SAN', 'URI'].map((kind) => `${kind} found in cert`);
  for (const by of [...kinds, DN]) assert.is(foundBy(wanted, ...all), `${by}: ${order.shift()}`, String(all.pop()));
});

test('a name that holds the separators of a printed list of names is one name', () => {
  assert.is(foundBy({ uris: ['x, DNS:admin'] }, 'admin', 'DNS:admin'), '');
  assert.is(foundBy({ emails: ['a\0b@x'] }, 'a', 'b@x'), '');
});

test('an exact order is preferred to another one, wherever it stands in the list', () => {
  const wanted: Wanted = {
    subject: [
      ['O', 'o'],
      ['CN', 'a'],
    ],
  };
  assert.is(foundBy(wanted, 'O=o,CN=a', 'CN=a,O=o'), `${DN}: CN=a,O=o`);
});

test('names that were parsed are kept, up to a limit', () => {
  const names = new ParsedNames();
  const first = names.parse('CN=0');
  assert.is(names.parse('CN=0'), first);
  assert.is(names.parse('nothing'), undefined);
  for (let i = names.size; i < NAMES_MAX; i++) names.parse(`CN=${i}`);
  assert.is(names.size, NAMES_MAX);
  names.parse('CN=0');
  assert.is(names.size, NAMES_MAX);
  names.parse('CN=one more');
  assert.is(names.size, 1);
});

test('what is no distinguished name is none', () => {
  const wrong = ['', 'a', '=a', 'CN', ',CN=a', 'CN=a,,O=b', 'CN=\\', 'CN=\\2', 'CN=\\zz', 'CN=a+', 'CN=a,b', 'CN=#61'];
  for (const text of wrong) assert.is(parseDistinguishedName(text), undefined, text);
  assert.equal(parseDistinguishedName('CN=a,'), [[{ type: 'CN', value: 'a' }]]);
});

test.run();
