/** Which user a certificate stands for. Asked of nats-server 2.15.1 one by one, and of every genuine server by the interop tests. */
import { setOf, type Wanted } from '../../kits/certificate-maker.ts';

export interface IdentityCase {
  readonly wanted: Wanted;
  /** The one user there is. */
  readonly user: string;
  /** What it is found by, in the words of the log; empty for not at all. */
  readonly by: string;
}

const DN = 'DistinguishedNameMatch';
const TEXT = 'certificate subject';

/** The sets of a subject with bars between them, the user, and what it is found by. */
const SUBJECTS: readonly (readonly [subject: string, user: string, by: string])[] = [
  ['O=acme|CN=a', 'CN=a,O=acme', DN],
  ['O=acme|CN=a', 'cn=a,o=acme', DN],
  ['O=acme|CN=a', 'O=acme,CN=a', DN],
  ['O=acme|CN=a', ' CN = a , O = acme ', DN],
  ['O=acme|CN=a', 'CN=a,O=acme,', DN],
  ['O=acme|CN=a', 'CN=A,O=acme', ''],
  ['O=acme|CN=a', 'CN=a;O=acme', ''],
  ['O=acme|CN=a', 'CN=a', ''],
  ['O=acme|CN=a', 'a', ''],
  ['O=acme|EMAIL=x@y|CN=a', 'CN=a,1.2.840.113549.1.9.1=x@y,O=acme', ''],
  ['O=acme|EMAIL=x@y|CN=a', 'CN=a,O=acme', TEXT],
  ['O=acme|EMAIL=x@y|CN=a', 'O=acme,CN=a', ''],
  ['O=acme|UID=u|CN=a', 'CN=a,UID=u,O=acme', ''],
  ['OU=x|OU=y|CN=a', 'CN=a,OU=y,OU=x', DN],
  ['OU=x|OU=y|CN=a', 'CN=a,OU=x,OU=y', DN],
  ['OU=x|OU=y|CN=a', 'CN=a,OU=x+OU=y', TEXT],
  ['OU=x|OU=y|CN=a', 'CN=a,OU=y+OU=x', ''],
  ['OU=x+CN=u', 'OU=x+CN=u', DN],
  ['OU=x+CN=u', 'CN=u+OU=x', DN],
  ['OU=x+CN=u', 'CN=u,OU=x', TEXT],
  ['DC=com|DC=ex|O=o|CN=a', 'CN=a,O=o,DC=ex,DC=com', DN],
  ['DC=com|DC=ex|UID=u|CN=a', 'CN=a,DC=com,DC=ex', 'RDNSequence'],
  ['DC=a,b|UID=u|CN=a', 'CN=a,DC=a,b', 'RDNSequence'],
  ['DC=a,b|UID=u|CN=a', 'CN=a,DC=a\\,b', ''],
  ['DC=com|DC=ex|O=o|CN=a', 'CN=a,O=o', TEXT],
  ['CN=a,b', 'CN=a\\,b', DN],
  ['CN=a,b', 'CN=a\\2cb', DN],
  ['CN=a,b', 'CN=a,b', ''],
  ['CN=ü x ', 'CN=ü x\\ ', DN],
  ['CN=ü x ', 'CN=\\c3\\bc x\\20', DN],
  ['CN=ü x ', 'CN=ü x', ''],
  ['CN=#a', 'CN=\\#a', DN],
  ['CN=#a', 'CN=#a', ''],
  ['CN=a=b', 'CN=a=b', DN],
  ['CN=a=b', 'CN=a\\=b', DN],
  ['CN=', 'CN=', ''],
  ['CN=a|CN=b', 'CN=b', TEXT],
  ['CN=a|CN=b', 'CN=a+CN=b', ''],
  ['CN=a|CN=b|CN=b', 'CN=a,CN=a,CN=b', ''],
  ['CN=a|CN=b|CN=b', 'CN=a,CN=b,CN=b', DN],
  ['2.5.4.12=boss|CN=a', 'CN=a,2.5.4.12=boss', ''],
  [
    'SERIALNUMBER=7|STREET=s|POSTALCODE=p|L=l|ST=t|C=DE|CN=a',
    'CN=a,C=DE,ST=t,L=l,POSTALCODE=p,STREET=s,SERIALNUMBER=7',
    DN,
  ],
  [
    'SERIALNUMBER=7|UID=u|STREET=s|POSTALCODE=p|L=l|ST=t|C=DE|CN=a',
    'SERIALNUMBER=7,CN=a,POSTALCODE=p,STREET=s,L=l,ST=t,C=DE',
    TEXT,
  ],
  ['UID=u|CN= #"x" ', 'CN=\\ #\\"x\\"\\ ', TEXT],
];

const NAMED: Wanted = { subject: [['CN', 'n']], emails: ['e@x', 'f@x'], hosts: ['h.x'], uris: ['spiffe://a/b'] };

export const IDENTITY_CASES: readonly IdentityCase[] = [
  ...SUBJECTS.map(([subject, user, by]) => ({ wanted: { subject: setsIn(subject) }, user, by })),
  { wanted: NAMED, user: 'e@x', by: 'email found in cert' },
  { wanted: NAMED, user: 'f@x', by: 'email found in cert' },
  { wanted: NAMED, user: 'h.x', by: 'SAN found in cert' },
  { wanted: NAMED, user: 'spiffe://a/b', by: 'URI found in cert' },
  { wanted: NAMED, user: 'CN=n', by: DN },
  { wanted: NAMED, user: 'n', by: '' },
  { wanted: NAMED, user: 'E@x', by: '' },
  { wanted: { hosts: ['only.host'] }, user: 'only.host', by: 'SAN found in cert' },
];

function setsIn(subject: string): Wanted['subject'] {
  return subject.split('|').map((set) =>
    setOf(
      ...set.split('+').map((attribute): [string, string] => {
        const at = attribute.indexOf('=');
        return [attribute.slice(0, at), attribute.slice(at + 1)];
      }),
    ),
  );
}
