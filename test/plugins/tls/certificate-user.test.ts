import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { userOfCertificate } from '../../../plugins/tls/identity/certificate-user.ts';
import { parseDistinguishedName } from '../../../plugins/tls/identity/distinguished-name.ts';
import { readCertificate } from '../../../protocols/x509/certificate.ts';
import { makeCertificate, setOf, type Wanted } from '../../kits/certificate-maker.ts';

function foundBy(wanted: Wanted, ...names: string[]): string {
  const users = new Set(names);
  const found = userOfCertificate(readCertificate(makeCertificate(wanted).certificate), {
    names: () => users,
    find: (name) => (users.has(name) ? name : undefined),
  });
  return found === undefined ? '' : `${found.by}: ${found.user}`;
}

const DN = 'DistinguishedNameMatch';

/** A certificate, the one user there is, and by what it is found: nothing for not at all. All as nats-server 2.15.1 has it. */
const CASES: [Wanted['subject'], string, string][] = [
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'CN=a,O=acme',
    DN,
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'cn=a,o=acme',
    DN,
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'O=acme,CN=a',
    DN,
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    ' CN = a , O = acme ',
    DN,
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'CN=a,O=acme,',
    DN,
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'CN=A,O=acme',
    '',
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'CN=a;O=acme',
    '',
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'CN=a',
    '',
  ],
  [
    [
      ['O', 'acme'],
      ['CN', 'a'],
    ],
    'a',
    '',
  ],
  [
    [
      ['O', 'acme'],
      ['EMAIL', 'x@y'],
      ['CN', 'a'],
    ],
    'CN=a,1.2.840.113549.1.9.1=x@y,O=acme',
    '',
  ],
  [
    [
      ['O', 'acme'],
      ['EMAIL', 'x@y'],
      ['CN', 'a'],
    ],
    'CN=a,O=acme',
    'certificate subject',
  ],
  [
    [
      ['O', 'acme'],
      ['EMAIL', 'x@y'],
      ['CN', 'a'],
    ],
    'O=acme,CN=a',
    '',
  ],
  [
    [
      ['O', 'acme'],
      ['UID', 'u'],
      ['CN', 'a'],
    ],
    'CN=a,UID=u,O=acme',
    '',
  ],
  [
    [
      ['OU', 'x'],
      ['OU', 'y'],
      ['CN', 'a'],
    ],
    'CN=a,OU=y,OU=x',
    DN,
  ],
  [
    [
      ['OU', 'x'],
      ['OU', 'y'],
      ['CN', 'a'],
    ],
    'CN=a,OU=x,OU=y',
    DN,
  ],
  [
    [
      ['OU', 'x'],
      ['OU', 'y'],
      ['CN', 'a'],
    ],
    'CN=a,OU=x+OU=y',
    'certificate subject',
  ],
  [
    [
      ['OU', 'x'],
      ['OU', 'y'],
      ['CN', 'a'],
    ],
    'CN=a,OU=y+OU=x',
    '',
  ],
  [[setOf(['OU', 'x'], ['CN', 'u'])], 'OU=x+CN=u', DN],
  [[setOf(['OU', 'x'], ['CN', 'u'])], 'CN=u+OU=x', DN],
  [[setOf(['OU', 'x'], ['CN', 'u'])], 'CN=u,OU=x', 'certificate subject'],
  [
    [
      ['DC', 'com'],
      ['DC', 'ex'],
      ['O', 'o'],
      ['CN', 'a'],
    ],
    'CN=a,O=o,DC=ex,DC=com',
    DN,
  ],
  [
    [
      ['DC', 'com'],
      ['DC', 'ex'],
      ['UID', 'u'],
      ['CN', 'a'],
    ],
    'CN=a,DC=com,DC=ex',
    'RDNSequence',
  ],
  [
    [
      ['DC', 'com'],
      ['DC', 'ex'],
      ['O', 'o'],
      ['CN', 'a'],
    ],
    'CN=a,O=o',
    'certificate subject',
  ],
  [[['CN', 'a,b']], 'CN=a\\,b', DN],
  [[['CN', 'a,b']], 'CN=a\\2cb', DN],
  [[['CN', 'a,b']], 'CN=a,b', ''],
  [[['CN', 'ü x ']], 'CN=ü x\\ ', DN],
  [[['CN', 'ü x ']], 'CN=\\c3\\bc x\\20', DN],
  [[['CN', 'ü x ']], 'CN=ü x', ''],
  [[['CN', '#a']], 'CN=\\#a', DN],
  [[['CN', '#a']], 'CN=#a', ''],
  [[['CN', 'a=b']], 'CN=a=b', DN],
  [[['CN', 'a=b']], 'CN=a\\=b', DN],
  [[['CN', '']], 'CN=', ''],
  [
    [
      ['CN', 'a'],
      ['CN', 'b'],
    ],
    'CN=b',
    'certificate subject',
  ],
  [
    [
      ['CN', 'a'],
      ['CN', 'b'],
    ],
    'CN=a+CN=b',
    '',
  ],
  [
    [
      ['CN', 'a'],
      ['CN', 'b'],
      ['CN', 'b'],
    ],
    'CN=a,CN=a,CN=b',
    '',
  ],
  [
    [
      ['CN', 'a'],
      ['CN', 'b'],
      ['CN', 'b'],
    ],
    'CN=a,CN=b,CN=b',
    DN,
  ],
  [
    [
      ['2.5.4.12', 'boss'],
      ['CN', 'a'],
    ],
    'CN=a,2.5.4.12=boss',
    '',
  ],
  [
    [
      ['SERIALNUMBER', '7'],
      ['STREET', 's'],
      ['POSTALCODE', 'p'],
      ['L', 'l'],
      ['ST', 't'],
      ['C', 'DE'],
      ['CN', 'a'],
    ],
    'CN=a,C=DE,ST=t,L=l,POSTALCODE=p,STREET=s,SERIALNUMBER=7',
    DN,
  ],
  [
    [
      ['SERIALNUMBER', '7'],
      ['UID', 'u'],
      ['STREET', 's'],
      ['POSTALCODE', 'p'],
      ['L', 'l'],
      ['ST', 't'],
      ['C', 'DE'],
      ['CN', 'a'],
    ],
    'SERIALNUMBER=7,CN=a,POSTALCODE=p,STREET=s,L=l,ST=t,C=DE',
    'certificate subject',
  ],
  [
    [
      ['UID', 'u'],
      ['CN', ' #"x" '],
    ],
    'CN=\\ #\\"x\\"\\ ',
    'certificate subject',
  ],
];

test('a subject is compared with the names of users as a distinguished name, then as text', () => {
  for (const [subject, user, by] of CASES) {
    assert.is(foundBy({ subject: subject! }, user), by === '' ? '' : `${by}: ${user}`, `${user} for ${by}`);
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

test('what is no distinguished name is none', () => {
  const wrong = ['', 'a', '=a', 'CN', ',CN=a', 'CN=a,,O=b', 'CN=\\', 'CN=\\2', 'CN=\\zz', 'CN=a+', 'CN=a,b', 'CN=#61'];
  for (const text of wrong) assert.is(parseDistinguishedName(text), undefined, text);
  assert.equal(parseDistinguishedName('CN=a,'), [[{ type: 'CN', value: 'a' }]]);
});

test.run();
