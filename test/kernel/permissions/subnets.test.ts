import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isInside, parseSubnet, type Subnet } from '../../../kernel/permissions/subnets.ts';

const CASES: [network: string, address: string, isIn: boolean][] = [
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['192.168.1.0/25', '192.168.1.127', true],
  ['192.168.1.0/25', '192.168.1.128', false],
  ['192.168.1.77/25', '192.168.1.1', true],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['127.0.0.1/32', '127.0.0.1', true],
  ['127.0.0.1/32', '127.0.0.2', false],
  ['127.0.0.1/32', '::ffff:127.0.0.1', true],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['2001:db8::/33', '2001:db8:7fff::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['::/0', '2001:db8::1', true],
  ['::1/128', '::1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['10.0.0.0/8', 'memory', false],
  ['10.0.0.0/8', '', false],
];

for (const [text, address, isIn] of CASES) {
  test(`${address || 'no address'} is ${isIn ? '' : 'not '}inside ${text}`, () => {
    assert.is(isInside(address, [parseSubnet(text) as Subnet]), isIn);
  });
}

test('one network of several is enough, and none of none', () => {
  const networks = ['10.0.0.0/8', '192.168.0.0/16'].map((text) => parseSubnet(text) as Subnet);
  assert.ok(isInside('192.168.3.4', networks));
  assert.not(isInside('192.168.3.4', []));
});

test('what is no network is refused', () => {
  for (const text of [
    '',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0/8',
    '::/129',
    'x/8',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
  ]) {
    assert.is(parseSubnet(text), null, text);
  }
});

test.run();
