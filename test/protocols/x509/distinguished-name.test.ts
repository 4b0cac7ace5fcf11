import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  comparableSubject,
  domainText,
  parseName,
  readName,
  subjectText,
} from '../../../protocols/x509/distinguished-name.ts';
import { CN, COUNTRY, DOMAIN, nameOf, ORGANIZATION, UNIT } from '../../kits/certificate-maker.ts';

const bob = readName(
  nameOf([
    [DOMAIN, 'com'],
    [DOMAIN, 'example'],
    [COUNTRY, 'US'],
    [ORGANIZATION, 'Acme, Inc.'],
    [
      [UNIT, 'Eng'],
      [UNIT, 'Core'],
    ],
    [CN, 'bob'],
  ]),
);

test('the subject is written with the common parts in one order, those of a kind together', () => {
  assert.is(subjectText(bob), 'CN=bob,OU=Eng+OU=Core,O=Acme\\, Inc.,C=US');
  assert.is(domainText(bob), 'DC=com,DC=example');
});

test('what would be misread is escaped', () => {
  const name = readName(nameOf([[CN, ' #a"+,;<>\\ ']]));
  assert.is(subjectText(name), 'CN=\\ #a\\"\\+\\,\\;\\<\\>\\\\\\ ');
  assert.is(parseName(subjectText(name))?.ordered, comparableSubject(name)?.ordered);
});

const SAME_ORDER = [
  'CN=bob,OU=Eng+OU=Core,O=Acme\\, Inc.,C=US,DC=example,DC=com',
  'cn=bob, ou=Core + ou=Eng, o=Acme\\2C Inc., c=US, dc=example, dc=com',
  'CN = bob,OU =Eng+OU= Core,O=Acme\\, Inc.,C=US,DC=example,DC=com,',
];
for (const text of SAME_ORDER) {
  test(`${text} is the subject, in the order of the certificate from its end`, () => {
    assert.is(parseName(text)?.ordered, comparableSubject(bob)?.ordered);
  });
}

test('another order is told from the same, and means the same otherwise', () => {
  const other = parseName('DC=com,DC=example,C=US,O=Acme\\, Inc.,OU=Eng+OU=Core,CN=bob');
  assert.is.not(other?.ordered, comparableSubject(bob)?.ordered);
  assert.is(other?.unordered, comparableSubject(bob)?.unordered);
});

test('one part more or less, another case of a value or another set is another name', () => {
  for (const text of [
    'CN=bob,OU=Eng+OU=Core,O=Acme\\, Inc.,C=US,DC=example',
    'CN=bob,OU=Eng+OU=Core,O=Acme\\, Inc.,C=US,C=US,DC=example,DC=com',
    'CN=BOB,OU=Eng+OU=Core,O=Acme\\, Inc.,C=US,DC=example,DC=com',
    'CN=bob,OU=Eng,OU=Core,O=Acme\\, Inc.,C=US,DC=example,DC=com',
  ]) {
    assert.is.not(parseName(text)?.unordered, comparableSubject(bob)?.unordered, text);
  }
});

test('what is no distinguished name is none', () => {
  for (const text of ['', 'bob', 'CN', '=bob', ',', 'CN=bob,,O=x', 'CN=a\\', 'CN=a\\x', 'CN=#0403', '2.5.4.3=bob']) {
    assert.is(parseName(text), null, text);
  }
});

test('a subject with a part of another kind cannot be compared, and is written without it', () => {
  const name = readName(
    nameOf([
      [CN, 'bob'],
      ['1.2.840.113549.1.9.1', 'bob@example.com'],
    ]),
  );
  assert.is(comparableSubject(name), null);
  assert.is(subjectText(name), 'CN=bob');
});

test('letters beyond ASCII mean what they are', () => {
  const name = readName(nameOf([[CN, 'J\u00fcrg']]));
  for (const text of ['CN=J\u00fcrg', 'CN=J\\C3\\BCrg'])
    assert.is(parseName(text)?.ordered, comparableSubject(name)?.ordered);
});

test.run();
