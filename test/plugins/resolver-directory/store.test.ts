import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TokenFiles } from '../../../plugins/resolver-directory/token-files.ts';
import { digestOf, TokenIndex } from '../../../plugins/resolver-directory/token-index.ts';
import { type StoreSettings, TokenStore } from '../../../plugins/resolver-directory/token-store.ts';
import { createFakePorts, type FakePorts } from '../../kits/fake-ports.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { CrashingDisk } from './crashing-disk.ts';
import { madeUpKey, TestOperator, timedTokens } from './tokens.ts';

const operator = new TestOperator();
const [a, b, c] = timedTokens(operator, 3) as [AccountToken, AccountToken, AccountToken];
const KEEP: StoreSettings = { tokensMax: 0, evicts: false, ttlMs: 0 };
const FOLDER = '/jwt';
type AccountToken = ReturnType<TestOperator['timed']>;

interface Opened {
  readonly store: TokenStore;
  readonly log: string[];
}

async function open(ports: Pick<FakePorts, 'clock'> & { disk: object }, settings = KEEP): Promise<Opened> {
  const log: string[] = [];
  const files = new TokenFiles(FOLDER, ports.disk as FakePorts['disk']);
  const store = new TokenStore(files, settings, ports.clock, listLog(log));
  await store.open();
  return { store, log };
}

const path = ({ key }: { key: string }, ending = '.jwt'): string => `${FOLDER}/${key}${ending}`;

test('the power may fail between any two steps of an update: the old token or the new one is there, whole', async () => {
  const newer = operator.timed('A', { iat: 5000 }, a.pair);
  for (const fate of ['lost', 'kept', 'torn'] as const) {
    for (let stepsLeft = 0, isDone = false; !isDone; stepsLeft++) {
      const ports = { clock: createFakePorts().clock, disk: new CrashingDisk() };
      const { store } = await open(ports);
      await store.save(a.key, a.token);
      ports.disk.stepsLeft = stepsLeft;
      isDone = await store.save(a.key, newer.token).then(
        () => true,
        () => false,
      );
      const disk = ports.disk.afterCrash(fate);
      const next = await open({ clock: ports.clock, disk });
      const token = await next.store.fetch(a.key);
      assert.ok(token === newer.token || (!isDone && token === a.token), `${fate}, after ${stepsLeft} steps`);
      assert.equal([...disk.seen.keys()], [path(a)], 'nothing is left behind');
      assert.equal(next.log, []);
    }
  }
});

test('the power may fail between any two steps of a deletion: the account is there or gone, and stays gone once that was said', async () => {
  for (const fate of ['lost', 'kept', 'torn'] as const) {
    for (const isForGood of [true, false]) {
      for (let stepsLeft = 0, isDone = false; !isDone; stepsLeft++) {
        const ports = { clock: createFakePorts().clock, disk: new CrashingDisk() };
        const { store } = await open(ports);
        await store.save(a.key, a.token);
        ports.disk.stepsLeft = stepsLeft;
        isDone = await store.delete(a.key, isForGood).then(
          () => true,
          () => false,
        );
        const { store: next } = await open({ clock: ports.clock, disk: ports.disk.afterCrash(fate) });
        const token = await next.fetch(a.key);
        assert.ok(token === null || (!isDone && token === a.token), `${fate}, after ${stepsLeft} steps`);
      }
    }
  }
});

test('foreign files are not touched, and damaged ones count as missing', async () => {
  const ports = createFakePorts();
  const { files } = ports.disk;
  const text = (token: string): Uint8Array => Buffer.from(token);
  const foreign = [
    'README',
    'foo.jwt',
    'foo.jwt.1-1.tmp',
    `${a.key}.jwt.deleted`,
    `${a.key}.jwt.bak`,
    `${a.key}.jwt.1-1.tmpx`,
  ];
  for (const name of foreign) files.set(`${FOLDER}/${name}`, text('foreign'));
  files.set(path(a, '.jwt.77-3.tmp'), text('torn'));
  files.set(path(b), text(b.token.slice(0, 100)));
  files.set(path(c), text(b.token));
  files.set(`${FOLDER}/deep/${a.key}.jwt`, text(a.token));
  const { store, log } = await open(ports);
  assert.equal(store.keys(), []);
  assert.equal(store.hash, new Uint8Array(32));
  assert.is(log.filter((line) => line.startsWith('warn')).length, 2);
  assert.match(log[0]!, /is no token of that account, and is ignored/);
  for (const { key } of [a, b, c]) assert.is(await store.fetch(key), null);
  for (const name of foreign) assert.is(Buffer.from(files.get(`${FOLDER}/${name}`)!).toString(), 'foreign');
  assert.is(files.has(path(a, '.jwt.77-3.tmp')), false);
  await store.save(b.key, b.token);
  assert.is(await store.fetch(b.key), b.token);
});

test('a file that is put there by hand is found', async () => {
  const ports = createFakePorts();
  const { store } = await open(ports);
  ports.disk.files.set(path(a), Buffer.from(a.token));
  assert.equal(store.keys(), []);
  assert.is(await store.fetch(a.key), a.token);
  assert.equal(store.keys(), [a.key]);
  assert.equal(store.hash, new Uint8Array(createHash('sha256').update(a.token).digest()));
});

test('no name that is no key of an account becomes a path', async () => {
  const { store } = await open(createFakePorts());
  for (const name of [
    '',
    '.',
    '..',
    '../etc/passwd',
    `../${a.key}`,
    `${a.key}/..`,
    `${a.key}\0`,
    operator.pair.getPublicKey(),
  ]) {
    assert.is(await store.fetch(name), null, name);
    for (const change of [
      store.save(name, a.token),
      store.delete(name, true),
      store.delete(name, false),
      store.lookUp(name),
    ]) {
      assert.match(
        String(await (change as Promise<unknown>).catch((error: Error) => error.message)),
        /invalid public key|subject does/,
      );
    }
  }
});

test('a token for another account, or none at all, is not stored', async () => {
  const { store } = await open(createFakePorts());
  const failure = async (token: string): Promise<string> =>
    String(await store.save(a.key, token).catch((error: Error) => error.message));
  assert.is(await failure(b.token), 'subject does not match jwt content');
  for (const text of ['', 'a.b', 'a.b.c', '..', `.${Buffer.from('[]').toString('base64url')}.`]) {
    assert.is(await failure(text), 'invalid JWT');
  }
  assert.equal(store.keys(), []);
});

test('a directory that cannot be used is named, with what to do', async () => {
  for (const operation of ['makeDirectory', 'list'] as const) {
    const ports = createFakePorts();
    ports.disk[operation] = async () => {
      throw new Error('EACCES: permission denied');
    };
    const expected =
      'the resolver cannot use its directory "/jwt": EACCES: permission denied; give a "dir" that this process may read and write';
    assert.is(await open(ports).catch((error: Error) => error.message), expected);
  }
});

test('a file that cannot be read is told at the start, and fails whoever asks for it', async () => {
  const ports = createFakePorts();
  ports.disk.files.set(path(a), Buffer.from(a.token));
  ports.disk.files.set(path(b), Buffer.from(b.token));
  const readFileSync = ports.disk.readFileSync.bind(ports.disk);
  ports.disk.readFileSync = (name) => {
    if (name === path(a)) throw new Error('EIO: i/o error');
    return readFileSync(name);
  };
  const { store, log } = await open(ports);
  assert.equal(log, [`warn The token of account ${a.key} cannot be read: EIO: i/o error`]);
  assert.equal(store.keys(), [b.key]);
  assert.is(await store.fetch(a.key).catch((error: Error) => error.message), 'EIO: i/o error');
});

test('a token that has expired is removed within a second', async () => {
  const ports = createFakePorts();
  const nowS = ports.clock.now() / 1000;
  const soon = operator.timed('soon', { exp: nowS + 10 });
  const past = operator.timed('past', { exp: nowS - 10 });
  const { store } = await open(ports);
  for (const { key, token } of [a, soon, past]) await store.save(key, token);
  await store.expire();
  assert.equal(store.keys(), [a.key, soon.key].sort());
  await ports.clock.advance(9999);
  await store.expire();
  assert.is(store.keys().length, 2);
  await ports.clock.advance(1);
  await store.expire();
  assert.equal(store.keys(), [a.key]);
  assert.equal([...ports.disk.files.keys()], [path(a)]);
});

test('a token that is replaced before its removal stays', async () => {
  const ports = createFakePorts();
  const { store } = await open(ports);
  const past = operator.timed('A', { exp: 1 }, a.pair);
  await store.save(a.key, past.token);
  const saving = store.save(a.key, a.token);
  await store.expire();
  await saving;
  assert.is(await store.fetch(a.key), a.token);
});

test('a time to live begins anew with each use, and overrules what the token says', async () => {
  const ports = createFakePorts();
  const { store } = await open(ports, { ...KEEP, evicts: true, ttlMs: 1000 });
  const past = operator.timed('past', { exp: 1 });
  await store.save(a.key, a.token);
  await store.save(past.key, past.token);
  await ports.clock.advance(999);
  await store.expire();
  assert.is(store.keys().length, 2);
  await store.fetch(a.key);
  await ports.clock.advance(1);
  await store.expire();
  assert.equal(store.keys(), [a.key]);
  await ports.clock.advance(999);
  await store.expire();
  assert.equal(store.keys(), []);
});

test('a cache that is opened with a lower limit drops what is too much', async () => {
  const ports = createFakePorts();
  const { store } = await open(ports);
  for (const { key, token } of [a, b, c]) await store.save(key, token);
  const { store: cache } = await open(ports, { tokensMax: 1, evicts: true, ttlMs: 0 });
  assert.is(cache.keys().length, 1);
  assert.is(ports.disk.files.size, 1);
  const { store: full } = await open(ports, { tokensMax: 1, evicts: false, ttlMs: 0 });
  assert.is(full.keys().length, 1);
});

test('a token is taken over only when it is newer', async () => {
  const { store } = await open(createFakePorts());
  const at = (iat: number): AccountToken => operator.timed('A', { iat }, a.pair);
  assert.is(await store.saveIfNewer(a.key, at(10).token), true);
  assert.is(await store.saveIfNewer(a.key, at(10).token), false);
  assert.is(await store.saveIfNewer(a.key, at(9).token), false);
  assert.is(await store.saveIfNewer(a.key, at(11).token), true);
});

test('the hash does not depend on the way there', () => {
  const digests = [a, b, c].map(({ token }) => ({ digest: digestOf(token), issuedAt: 0, dueMs: Infinity }));
  const one = new TokenIndex();
  const other = new TokenIndex();
  for (const at of [0, 1, 2]) one.set(madeUpKey(at), digests[at]!);
  other.set(madeUpKey(0), digests[1]!);
  for (const at of [2, 1, 0]) other.set(madeUpKey(at), digests[at]!);
  assert.equal(one.hash, other.hash);
  for (const at of [0, 1, 2]) other.remove(madeUpKey(at));
  assert.equal(other.hash, new Uint8Array(32));
});

test('ten thousand tokens are read in slices', async () => {
  const ports = createFakePorts();
  const chunk = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (let at = 0; at < 10_000; at++) {
    const key = madeUpKey(at);
    ports.disk.files.set(path({ key }), Buffer.from(`${chunk({})}.${chunk({ sub: key, iat: at })}.${'x'.repeat(600)}`));
  }
  // Each look at the clock is a millisecond later.
  let ms = 0;
  let turns = 0;
  ports.clock.monotonic = () => ms++;
  const soon = ports.clock.soon.bind(ports.clock);
  ports.clock.soon = (run) => {
    turns++;
    soon(run);
  };
  const { store } = await open(ports);
  assert.is(store.keys().length, 10_000);
  assert.ok(turns > 1900, `${turns} turns`);
});

test.run();
