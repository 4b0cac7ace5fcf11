import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../../../kernel/config/grammar/parse.ts';
import { filesOf } from '../config-reading.ts';

function digest(text: string, environment: Record<string, string> = {}): string {
  return parseConfig(text, 't.conf', { readFile: filesOf({ 'inc.conf': 'debug: true' }), environment }).digest;
}

/** As a genuine server prints them. */
const KNOWN: readonly (readonly [text: string, digest: string])[] = [
  ['port: 4222', 'sha256:797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e'],
  ['{"port": 1}', 'sha256:5b27b68e52c25859a76c94f378c31d5a499ca677a46b38fb5f58ded229b59650'],
  ['x: 5\n port: $x', 'sha256:2c5e6fd6870f5614a30d9fa16f626cef8f85600f99dff43b391b62faa056536f'],
  [
    'z: 2020-01-01T00:00:00Z\nresolver: {type: mem, z: $z}',
    'sha256:83ca77caed31424f1542d0617a63d2e5d00b024051ba662fc24d2b6c7426817c',
  ],
  ['z: 1.5 \nresolver: {type: mem, z: $z}', 'sha256:2cdb0d0256c2c5d922f36968c304aa5f61677792f53e89568be1ad1b2c330606'],
  ['z: 1.0\nresolver: {type: mem, z: $z}', 'sha256:2b2e63f9e2100702bcb030ac4d88da65a150652ee449d33148b6bc40ee4ce862'],
  [
    'host: "\\x00\\x08\\x0c\\x1f\\x7f\u2028\u2029<>&\\"\\\\/\\t"',
    'sha256:e68ff4ae8c2df9d7a67cc8ebc5a86074db228dac7334c4eaf69082ccff68b5d3',
  ],
  ['host: "a\\xc3\\xa9"', 'sha256:e599a0f001465e7b59a21d41b2250c8af8daea65a3ba81955a78695de2e47807'],
  [
    'accounts { "\u{10000}" {}, "\uffee" {} }',
    'sha256:f406bba4d31b5bf44b8091a27d1a3699d603526079e9b3d62cd21b3f71fa4a0f',
  ],
  ['host: "\\xc3"', 'sha256:1d37e583a98acda32bdf3fb39ed39f2b7d1f5af91d19043c58528be28871f160'],
];

test('the digest is the one a NATS server prints', () => {
  for (const [text, expected] of KNOWN) assert.is(digest(text), expected, text);
});

test('the digest depends on the values, not on how they are written', () => {
  const same = [
    'port: 4222\ndebug: yes',
    'debug=on;port=4222',
    '{"port": 4222, "debug": true}',
    '# c\ndebug TRUE\nport 4222',
  ];
  assert.is(new Set(same.map((text) => digest(text))).size, 1);
  assert.is(digest('max_payload: 1k'), digest('max_payload: 1000'));
  assert.is.not(digest('max_payload: 1k'), digest('max_payload: 1kb'));
  assert.is.not(digest('host: "1"'), digest('host: 1'));
  assert.is(digest('port: $P', { P: '7' }), digest('port: 7'));
  assert.is(digest('include inc.conf'), digest('debug: true'));
});

test('keys are sorted by their bytes', () => {
  assert.is(digest('{"\u{10000}": 1, "\uffff": 2}'), digest('{"\uffff": 2, "\u{10000}": 1}'));
});

test.run();
