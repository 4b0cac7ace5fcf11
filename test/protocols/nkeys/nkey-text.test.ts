import { fromPublic, fromSeed } from 'nkeys.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  decodePublicKey,
  decodeSeed,
  encodePublicKey,
  encodeSeed,
  NkeyKind,
} from '../../../protocols/nkeys/nkey-text.ts';

/** A kind, one repeated byte of seed, and the texts of seed and public key. */
const TABLE: readonly (readonly [kind: number, seedByte: number, seed: string, publicKey: string])[] = [
  [
    NkeyKind.user,
    7,
    'SUAAOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBZ5FE',
    'UDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCYSJF',
  ],
  [
    NkeyKind.user,
    9,
    'SUAASCIJBEEQSCIJBEEQSCIJBEEQSCIJBEEQSCIJBEEQSCIJBEEQSCKHGM',
    'UD6ROJBYLKQMOW3E7N4M2YBPUHMZD7PL65VRHRMO24BOVSBV5H3BRDGR',
  ],
];

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const KINDS = [
  ['operator', 'O'],
  ['account', 'A'],
  ['user', 'U'],
  ['server', 'N'],
  ['cluster', 'C'],
  ['curve', 'X'],
] as const;

for (const [kind, seedByte, seed, publicKey] of TABLE) {
  test(`${seed} is the seed of ${publicKey}`, () => {
    const bytes = new Uint8Array(32).fill(seedByte);
    assert.is(encodeSeed(kind, bytes), seed);
    assert.equal(decodeSeed(seed), { kind, seed: bytes });
    assert.is(fromSeed(new TextEncoder().encode(seed)).getPublicKey(), publicKey);
    const decoded = decodePublicKey(publicKey)!;
    assert.is(decoded.kind, kind);
    assert.is(encodePublicKey(kind, decoded.key), publicKey);
  });
}

for (const [name, letter] of KINDS) {
  test(`a public key of kind ${name} begins with ${letter} and comes back whole`, () => {
    const key = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
    const text = encodePublicKey(NkeyKind[name], key);
    assert.is(text.length, 56);
    assert.is(text[0], letter);
    assert.equal(decodePublicKey(text), { kind: NkeyKind[name], key });
    const seed = encodeSeed(NkeyKind[name], key);
    assert.is(seed.slice(0, 2), `S${letter}`);
    assert.is(seed.length, 58);
    assert.equal(decodeSeed(seed), { kind: NkeyKind[name], seed: key });
  });
}

test('other libraries take the public keys for what they are', () => {
  assert.not.throws(() => fromPublic(TABLE[0]![3]));
});

test('what is no key is told from one', () => {
  const [, , seed, publicKey] = TABLE[0]!;
  const wrong = [
    '',
    'U',
    publicKey.slice(0, -1),
    `${publicKey}AA`,
    publicKey.toLowerCase(),
    ` ${publicKey.slice(1)}`,
    seed,
    '1'.repeat(56),
  ];
  for (const text of wrong) assert.is(decodePublicKey(text), null, text);
  for (const text of ['', 'S', publicKey, seed.slice(0, -2), `${seed}AA`, seed.toLowerCase()])
    assert.is(decodeSeed(text), null, text);
});

test('a key with any one letter changed is none', () => {
  for (const text of [TABLE[0]![3]]) {
    for (let at = 0; at < text.length; at++) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      assert.is(decodePublicKey(changed), null, changed);
    }
  }
});

test('a key with one more letter is none, whatever the letter', () => {
  const [, , seed, publicKey] = TABLE[0]!;
  for (const letter of ALPHABET) {
    assert.is(decodePublicKey(publicKey + letter), null, publicKey + letter);
    assert.is(decodeSeed(seed + letter), null, seed + letter);
  }
});

test('the last letter of a seed has one spelling', () => {
  for (const [kind, , seed] of TABLE) {
    const spellings = [...ALPHABET].filter((letter) => decodeSeed(seed.slice(0, -1) + letter) !== null);
    assert.equal(spellings, [seed.at(-1)], `kind ${kind}`);
  }
});

test.run();
