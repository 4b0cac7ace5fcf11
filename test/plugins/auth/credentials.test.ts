import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSignature, isSigned, publicKeyOf } from '../../../kernel/accounts/signature.ts';
import { type Asker, BcryptComparer } from '../../../plugins/auth/credentials/bcrypt.ts';
import { BcryptWorker } from '../../../plugins/auth/credentials/bcrypt-worker.ts';
import { FailedLogins } from '../../../plugins/auth/credentials/failed-logins.ts';
import { Secrets } from '../../../plugins/auth/credentials/secret.ts';
import { Signer } from './signer.ts';

const STORED = '$2b$04$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';
const wanted: Asker = { host: '192.0.2.1', isWanted: () => true };
const gone: Asker = { host: '192.0.2.1', isWanted: () => false };
const worker = new BcryptWorker({ after: () => () => {}, failed: (error) => assert.unreachable(error.message) });
test.after(() => worker.close());

/** Counts what is computed; the real computation is the worker's. */
function countingWorld() {
  const asked: string[] = [];
  return {
    asked,
    key: new Uint8Array(32),
    compute: async (_stored: string, given: string) => {
      asked.push(given);
      return given === 's3cret';
    },
  };
}

test('a password that was right once is not computed again', async () => {
  const world = countingWorld();
  const comparer = new BcryptComparer(world);
  assert.is(await comparer.compare(STORED, 's3cret', wanted), true);
  assert.is(await comparer.compare(STORED, 's3cret', gone), true);
  assert.equal(world.asked, ['s3cret']);
});

test('a wrong password is computed each time', async () => {
  const world = countingWorld();
  const comparer = new BcryptComparer(world);
  assert.is(await comparer.compare(STORED, 'wrong', wanted), false);
  assert.is(await comparer.compare(STORED, 'wrong', wanted), false);
  assert.is(await comparer.compare(STORED, 's3cret', wanted), true);
  assert.equal(world.asked, ['wrong', 'wrong', 's3cret']);
});

test('the same password of many clients at once is computed once', async () => {
  const world = countingWorld();
  const comparer = new BcryptComparer(world);
  const all = await Promise.all(Array.from({ length: 20 }, () => comparer.compare(STORED, 's3cret', wanted)));
  assert.ok(all.every((isRight) => isRight));
  assert.equal(world.asked, ['s3cret']);
});

test('whoever is gone when the turn comes costs nothing', async () => {
  const world = countingWorld();
  const comparer = new BcryptComparer(world);
  assert.is(await comparer.compare(STORED, 's3cret', gone), false);
  assert.equal(world.asked, []);
});

test('whoever shows the same password as somebody who is gone by then is let in all the same', async () => {
  const world = countingWorld();
  const comparer = new BcryptComparer(world);
  const before = comparer.compare(STORED, 'other', wanted);
  const both = [comparer.compare(STORED, 's3cret', gone), comparer.compare(STORED, 's3cret', wanted)];
  assert.is(await before, false);
  assert.is(await both[1], true);
  assert.equal(world.asked, ['other', 's3cret']);
});

/** Computes nothing before it is told to. */
function slowWorld() {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const compute = (_stored: string, given: string): Promise<boolean> => {
    asked.push(given);
    return new Promise((resolve) => answers.push(() => resolve(true)));
  };
  const answerAll = async (): Promise<void> => {
    for (let idle = 0; idle < 10; idle++) {
      if (answers.length > 0) idle = 0;
      answers.pop()?.();
      await Promise.resolve();
    }
  };
  return { asked, answerAll, key: new Uint8Array(32), compute };
}

test('a thousand different passwords may wait, and what is more is refused unseen', async () => {
  const world = slowWorld();
  const comparer = new BcryptComparer(world);
  const waiting = Array.from({ length: 1000 }, (_, at) => comparer.compare(STORED, `p${at}`, wanted));
  assert.is(await comparer.compare(STORED, 'one more', wanted), false);
  await world.answerAll();
  assert.ok((await Promise.all(waiting)).every((isRight) => isRight));
  assert.is(world.asked.length, 1000);
});

test('an address that guesses without end keeps others waiting for one guess, and has its last one refused for their sake', async () => {
  const world = slowWorld();
  const comparer = new BcryptComparer(world);
  const guesses = Array.from({ length: 1000 }, (_, at) => comparer.compare(STORED, `g${at}`, wanted));
  const others = ['2001:db8::1', '2001:db8::2', '192.0.2.2'];
  const honest = others.map((host) => comparer.compare(STORED, host, { ...wanted, host }));
  assert.equal(await Promise.all(guesses.slice(-3)), [false, false, false]);
  await world.answerAll();
  assert.equal(await Promise.all(honest), [true, true, true]);
  // The first two addresses are of one network.
  assert.equal(world.asked.slice(0, 6), ['g0', 'g1', '2001:db8::1', '192.0.2.2', 'g2', '2001:db8::2']);
});

test('what looks like a hash and is none fits nothing', async () => {
  const secrets = new Secrets({ key: new Uint8Array(32), compute: (stored, given) => worker.compare(stored, given) });
  for (const stored of ['$2a$04$abc', '$2b$99$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC']) {
    assert.is(await secrets.isRight(stored, 'abc', wanted), false);
    assert.is(await secrets.isRight(stored, stored, wanted), false);
  }
});

test('every letter that bcrypt libraries write is understood', async () => {
  const secrets = new Secrets({ key: new Uint8Array(32), compute: (stored, given) => worker.compare(stored, given) });
  for (const letter of 'abxy')
    assert.is(await secrets.isRight(STORED.replace('2b', `2${letter}`), 's3cret', wanted), true);
});

test('plain secrets are equal or not, whatever their length', () => {
  const secrets = new Secrets({ key: new Uint8Array(32), compute: (stored, given) => worker.compare(stored, given) });
  assert.is(secrets.isRight('abc', 'abc', wanted), true);
  assert.is(secrets.isRight('', '', wanted), true);
  for (const given of ['', 'ab', 'abcd', 'ABC']) assert.is(secrets.isRight('abc', given, wanted), false);
});

test('a signature is 64 bytes of base64 in one of two forms', () => {
  const raw = Buffer.alloc(64, 0xfb).toString('base64url');
  const padded = Buffer.alloc(64, 0xfb).toString('base64');
  assert.is(decodeSignature(raw, true)?.length, 64);
  assert.is(decodeSignature(padded, true)?.length, 64);
  assert.is(decodeSignature(padded, false), null);
  for (const text of ['', 'x', raw.slice(1), `${raw}A`, ` ${raw.slice(1)}`, `${raw}==`, padded.slice(0, -1)]) {
    assert.is(decodeSignature(text, true), null, text);
  }
});

test('a signature counts for one nonce and one key', async () => {
  const signer = new Signer(1);
  const key = publicKeyOf(signer.nkey)!;
  const signature = decodeSignature(signer.sign('nonce'), true)!;
  assert.is(await isSigned('nonce', key, signature), true);
  assert.is(await isSigned('nonce2', key, signature), false);
  assert.is(await isSigned('nonce', publicKeyOf(new Signer(2).nkey)!, signature), false);
});

test('failures are forgotten when their window ends, and without a limit never counted', () => {
  let nowMs = 0;
  const failed = new FailedLogins({ max: 2, windowMs: 100 }, () => nowMs);
  assert.equal(
    [failed.add('h'), failed.isBlocked('h'), failed.add('h'), failed.isBlocked('h')],
    [false, false, true, true],
  );
  nowMs = 99;
  assert.is(failed.isBlocked('h'), true);
  nowMs = 100;
  assert.is(failed.isBlocked('h'), false);
  failed.limit = { max: 0, windowMs: 100 };
  for (let time = 0; time < 10; time++) failed.add('h');
  assert.is(failed.isBlocked('h'), false);
});

test('no more than ten thousand addresses are remembered', () => {
  const failed = new FailedLogins({ max: 1, windowMs: 100 }, () => 0);
  for (let host = 0; host <= 10_000; host++) failed.add(`host${host}`);
  assert.is(failed.isBlocked('host0'), false);
  assert.is(failed.isBlocked('host1'), true);
  assert.is(failed.isBlocked('host10000'), true);
});

test.run();
