import { createHash } from 'node:crypto';
import { createAccount, createUser, encodeUser } from '@nats-io/jwt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ResolverOptions } from '../../../plugins/operator/contract.ts';
import { plugin } from '../../../plugins/resolver-directory/index.ts';
import { ResolverBench, resolverOptions } from './resolver-host.ts';
import { TestOperator, timedTokens } from './tokens.ts';

const operator = new TestOperator();
const [a, b] = await Promise.all([operator.account('A'), operator.account('B')]);
const UPDATE = '$SYS.REQ.CLAIMS.UPDATE';
const DELETE = '$SYS.REQ.CLAIMS.DELETE';
const PACK = '$SYS.REQ.CLAIMS.PACK';
const updateOf = (key: string): string => `$SYS.REQ.ACCOUNT.${key}.CLAIMS.UPDATE`;
const oldUpdateOf = (key: string): string => `$SYS.ACCOUNT.${key}.CLAIMS.UPDATE`;
const lookupOf = (key: string): string => `$SYS.REQ.ACCOUNT.${key}.CLAIMS.LOOKUP`;

function open(type: string, options: Partial<ResolverOptions> = {}): Promise<ResolverBench> {
  return ResolverBench.open(plugin, resolverOptions(type, options), operator.keys);
}

function files(bench: ResolverBench): string[] {
  return [...bench.ports.disk.files.keys()].map((path) => path.replace('/jwt/', '')).sort();
}

test('a full resolver stores what is pushed on each of the three subjects, and serves it', async () => {
  for (const subject of [UPDATE, updateOf(a.key), oldUpdateOf(a.key)]) {
    const bench = await open('full');
    assert.is(await bench.change(subject, a.token), `${a.key}: jwt updated`);
    assert.is(await bench.resolver.fetch(a.key), a.token);
    assert.is(await bench.request(lookupOf(a.key)), a.token);
    assert.is(await bench.request(lookupOf(a.key), 'a body'), a.token);
    assert.equal(await bench.list(), [a.key]);
    assert.equal(files(bench), [`${a.key}.jwt`]);
    assert.is(bench.host.applied.size, 0);
    await bench.close();
  }
});

test('answers have the members of a NATS server, in its order', async () => {
  const bench = await open('full');
  assert.is(
    await bench.request(UPDATE, a.token),
    `{"server":{"name":"test"},"data":{"account":"${a.key}","code":200,"message":"jwt updated"}}`,
  );
  assert.is(
    await bench.request(UPDATE, ''),
    '{"server":{"name":"test"},"error":{"account":"n/a","code":500,"description":"jwt update resulted in error - expected 3 chunks"}}',
  );
  assert.is(await bench.request('$SYS.REQ.CLAIMS.LIST', 'ignored'), `{"data":["${a.key}"],"server":{"name":"test"}}`);
  assert.is(
    await bench.request(DELETE, ''),
    '{"server":{"name":"test"},"error":{"code":500,"description":"delete accounts request by  failed - expected 3 chunks"}}',
  );
  await bench.close();
});

test('an account in use goes by what was pushed, once it is stored', async () => {
  const bench = await open('full');
  bench.host.active.add(a.key);
  assert.is(await bench.change(UPDATE, a.token), `${a.key}: jwt updated`);
  assert.is(bench.host.applied.get(a.key), a.token);
  bench.host.refusal = 'account validation failed';
  const newer = operator.timed('A', { iat: 5 }, a.pair);
  const expected = `${a.key}: jwt update resulted in error - account validation failed`;
  assert.is(await bench.change(UPDATE, newer.token), expected);
  await bench.close();
});

test('hostile bodies are refused, each in its words', async () => {
  const bench = await open('full');
  const stranger = new TestOperator();
  const user = createUser();
  const cases: [string, string, string][] = [
    [UPDATE, '', 'n/a: jwt update resulted in error - expected 3 chunks'],
    [updateOf(a.key), 'garbage', 'n/a: jwt update resulted in error - expected 3 chunks'],
    [UPDATE, 'x'.repeat(1_048_576), 'n/a: jwt update resulted in error - expected 3 chunks'],
    [updateOf(a.key), b.token, `${a.key}: jwt update resulted in error - subject does not match jwt content`],
    [oldUpdateOf(a.key), b.token, `${a.key}: jwt update resulted in error - subject does not match jwt content`],
    [updateOf('foo'), b.token, 'foo: jwt update resulted in error - subject does not match jwt content'],
    [
      UPDATE,
      `${a.token.slice(0, -4)}AAAA`,
      'n/a: jwt update resulted in error - claim failed V2 signature verification',
    ],
    [UPDATE, await encodeUser('u', user, a.pair), 'n/a: jwt update resulted in error - not account claim'],
    [
      UPDATE,
      (await operator.account('A', a.pair, a.pair)).token,
      `${a.key}: jwt validation failed - operator requires issuer to be a signing key`,
    ],
    [
      UPDATE,
      (await stranger.account('A', a.pair)).token,
      `${a.key}: jwt validation failed - operator requires issuer to be a signing key`,
    ],
  ];
  for (const [subject, body, expected] of cases) assert.is(await bench.change(subject, body), expected);
  assert.match(
    await bench.change(UPDATE, `${a.token.split('.').slice(0, 2).join('.')}.`),
    /^n\/a: jwt update resulted/,
  );
  assert.equal(files(bench), []);
  await bench.close();
});

test('what is pushed replaces a newer token, as with a NATS server', async () => {
  const bench = await open('full');
  const older = operator.timed('older', { iat: 5 }, a.pair);
  await bench.change(UPDATE, a.token);
  assert.is(await bench.change(UPDATE, older.token), `${a.key}: jwt updated`);
  assert.is(await bench.request(lookupOf(a.key)), older.token);
  await bench.close();
});

test('an update without a reply subject acts too', async () => {
  const bench = await open('full');
  bench.bench.broker.publisher.publish(bench.host.system, { subject: UPDATE, body: a.token });
  await bench.change(UPDATE, b.token);
  assert.equal(await bench.list(), [a.key, b.key].sort());
  await bench.close();
});

test('unknown accounts are looked up in vain, and names that are none are not answered', async () => {
  const bench = await open('full');
  assert.is(await bench.request(lookupOf(a.key)), '');
  for (const name of [
    'foo',
    '..',
    a.key.toLowerCase(),
    `${a.key.slice(0, -1)}${a.key.endsWith('7') ? '6' : '7'}`,
    '%2e%2e%2fjwt',
  ]) {
    const { publisher } = bench.bench.broker;
    let answers = 0;
    const end = publisher.subscribe(bench.host.system, 'answer', '', () => void answers++);
    publisher.publish(bench.host.system, { subject: lookupOf(name), reply: 'answer' });
    await bench.request(lookupOf(a.key));
    end();
    assert.is(answers, 0, name);
  }
  await bench.close();
});

test('a store that is full takes newer tokens of the accounts it has, and no more accounts', async () => {
  const bench = await open('full', { accountsMax: 2 });
  const c = await operator.account('C');
  await bench.change(UPDATE, a.token);
  assert.is(await bench.change(UPDATE, b.token), `${b.key}: jwt updated`);
  assert.is(await bench.change(UPDATE, c.token), `${c.key}: jwt update resulted in error - jwt store is full`);
  assert.is(await bench.change(UPDATE, (await operator.account('A', a.pair)).token), `${a.key}: jwt updated`);
  assert.equal(await bench.list(), [a.key, b.key].sort());
  await bench.close();
});

test('a pack has each token and then an empty message, and only that for whoever has the same', async () => {
  const bench = await open('full');
  await bench.change(UPDATE, a.token);
  await bench.change(UPDATE, b.token);
  const lines = [a, b].map(({ key, token }) => `${key}|${token}`).sort();
  for (const hash of [new Uint8Array(32), '', 'abcde', new Uint8Array(33)]) {
    assert.equal(await bench.answers(PACK, hash), [...lines, '']);
  }
  const same = Buffer.alloc(32);
  for (const { token } of [a, b]) {
    const digest = createHash('sha256').update(token).digest();
    for (let at = 0; at < 32; at++) same[at]! ^= digest[at]!;
  }
  assert.equal(await bench.answers(PACK, same), ['']);
  await bench.close();
});

test('one of several servers answers a request for a pack', async () => {
  const bench = await open('full');
  const { publisher } = bench.bench.broker;
  let others = 0;
  const leave = publisher.subscribe(bench.host.system, PACK, 'responder', (message) => {
    others++;
    publisher.publish(bench.host.system, { subject: message.reply, body: '' });
    return true;
  });
  for (let count = 0; count < 100; count++) assert.equal(await bench.answers(PACK, new Uint8Array(32)), ['']);
  assert.ok(others > 20 && others < 80, `${others} of 100`);
  leave();
  await bench.close();
});

test('accounts are deleted only where that is enabled', async () => {
  const bench = await open('full');
  await bench.change(UPDATE, a.token);
  const { pair } = operator;
  const expected = `delete accounts request by ${pair.getPublicKey()} failed - delete must be enabled in server config`;
  assert.is(await bench.change(DELETE, operator.deletion([a.key])), expected);
  assert.equal(await bench.list(), [a.key]);
  await bench.close();
});

test('a deleted account leaves its file under another name, or none where that is asked for', async () => {
  for (const deletesForGood of [false, true]) {
    const bench = await open('full', { allowsDelete: true, deletesForGood });
    await bench.change(UPDATE, a.token);
    await bench.change(UPDATE, b.token);
    assert.is(await bench.change(DELETE, operator.deletion([a.key])), 'deleted 1 accounts');
    assert.equal(bench.host.removedKeys, [a.key]);
    assert.equal(await bench.list(), [b.key]);
    assert.is(await bench.request(lookupOf(a.key)), '');
    assert.equal(files(bench), (deletesForGood ? [] : [`${a.key}.jwt.deleted`]).concat(`${b.key}.jwt`).sort());
    assert.is(await bench.change(DELETE, operator.deletion([a.key, a.key], operator.signing)), 'deleted 2 accounts');
    assert.is(await bench.change(DELETE, operator.deletion([])), 'deleted 0 accounts');
    assert.is(await bench.change(UPDATE, a.token), `${a.key}: jwt updated`);
    assert.equal(await bench.list(), [a.key, b.key].sort());
    await bench.close();
  }
});

test("requests to delete that are not an operator's are refused", async () => {
  const bench = await open('full', { allowsDelete: true });
  await bench.change(UPDATE, a.token);
  const stranger = new TestOperator().pair;
  const { pair, signing } = operator;
  const by = (subject: string, reason: string): string => `delete accounts request by ${subject} failed - ${reason}`;
  const good = operator.deletion([a.key]);
  const cases: [string, string][] = [
    ['garbage', by('', 'expected 3 chunks')],
    [`${good.slice(0, -4)}AAAA`, by('', 'claim failed V2 signature verification')],
    [operator.deletion([a.key], stranger), by(stranger.getPublicKey(), 'not trusted')],
    [operator.deletion([a.key], pair, signing.getPublicKey()), by(signing.getPublicKey(), 'not self signed')],
    [operator.deletion(undefined), by(pair.getPublicKey(), 'malformed request')],
    [operator.deletion(['../../etc/passwd']), by(pair.getPublicKey(), 'malformed request')],
    [a.token, by(a.key, 'not self signed')],
  ];
  for (const [body, expected] of cases) assert.is(await bench.change(DELETE, body), expected);
  assert.equal(await bench.list(), [a.key]);
  await bench.close();
});

test('what cannot be deleted is counted, and told line by line', async () => {
  const bench = await open('full', { allowsDelete: true, deletesForGood: true });
  await bench.change(UPDATE, a.token);
  await bench.change(UPDATE, b.token);
  const { disk } = bench.ports;
  const remove = disk.remove.bind(disk);
  disk.remove = async (path) => {
    if (path.includes(b.key)) throw new Error('EIO: i/o error');
    await remove(path);
  };
  const answer = await bench.change(DELETE, operator.deletion([a.key, b.key]));
  assert.is(answer, 'deleted 1 accounts, failed for 1 - EIO: i/o error');
  assert.equal(bench.host.removedKeys, [a.key]);
  assert.equal(await bench.list(), [b.key]);
  await bench.close();
});

test('a cache takes only tokens of accounts in use', async () => {
  const bench = await open('cache', { accountsMax: 1000 });
  assert.is(await bench.change(UPDATE, a.token), `${a.key}: jwt update cache skipped`);
  assert.equal(await bench.list(), []);
  bench.host.active.add(a.key);
  assert.is(await bench.change(updateOf(a.key), a.token), `${a.key}: jwt updated cache`);
  assert.is(bench.host.applied.get(a.key), a.token);
  assert.equal(await bench.list(), [a.key]);
  const cases: [string, string, string][] = [
    [UPDATE, 'garbage', 'n/a: jwt update cache resulted in error - expected 3 chunks'],
    [updateOf(a.key), 'garbage', `${a.key}: jwt update cache resulted in error - expected 3 chunks`],
    [updateOf(a.key), b.token, `${a.key}: jwt update cache resulted in error - subject does not match jwt content`],
    [
      UPDATE,
      (await operator.account('A', a.pair, a.pair)).token,
      `${a.key}: jwt update cache validation failed - operator requires issuer to be a signing key`,
    ],
  ];
  for (const [subject, body, expected] of cases) assert.is(await bench.change(subject, body), expected);
  assert.is(await bench.change(DELETE, operator.deletion([a.key])), 'deleted 1 accounts');
  assert.equal(files(bench), []);
  await bench.close();
});

test('a cache serves no other servers', async () => {
  const bench = await open('cache');
  for (const subject of [PACK, lookupOf(a.key)]) {
    assert.is(await bench.request(subject).catch((error: Error) => error.message), `nobody serves ${subject}`);
  }
  await bench.close();
});

test('a cache at its limit drops what was not used for longest', async () => {
  const bench = await open('cache', { accountsMax: 2 });
  const c = await operator.account('C');
  for (const { key } of [a, b, c]) bench.host.active.add(key);
  await bench.change(UPDATE, a.token);
  await bench.change(UPDATE, b.token);
  await bench.resolver.fetch(a.key);
  await bench.change(UPDATE, c.token);
  assert.equal(await bench.list(), [a.key, c.key].sort());
  assert.equal(files(bench), [`${a.key}.jwt`, `${c.key}.jwt`].sort());
  await bench.close();
});

test('a disk that is full fails the update and keeps the old token', async () => {
  const bench = await open('full');
  await bench.change(UPDATE, a.token);
  bench.ports.disk.writeFile = async () => {
    throw new Error('ENOSPC: no space left on device, write');
  };
  const newer = operator.timed('A', { iat: 3_000_000_000 }, a.pair);
  const expected = `${a.key}: jwt update resulted in error - ENOSPC: no space left on device, write`;
  assert.is(await bench.change(UPDATE, newer.token), expected);
  assert.is(await bench.request(lookupOf(a.key)), a.token);
  await bench.close();
});

test('more packs than may wait are left to others', async () => {
  const bench = await open('full');
  for (const { token } of timedTokens(operator, 3)) await bench.change(UPDATE, token);
  const packs = Array.from({ length: 16 }, () => bench.answers(PACK, new Uint8Array(32)));
  const { publisher } = bench.bench.broker;
  publisher.publish(bench.host.system, { subject: PACK, reply: 'late', body: new Uint8Array(32) });
  assert.match(bench.bench.log.at(-1)!, /Refused a request to \$SYS\.REQ\.CLAIMS\.PACK: too many requests wait/);
  for (const pack of await Promise.all(packs)) assert.is(pack.length, 4);
  await bench.close();
});

test('what is preloaded is stored where it is newer, at the start and on reload', async () => {
  const bench = await open('full', { preloads: new Map([[a.key, a.token]]) });
  assert.equal(await bench.list(), [a.key]);
  const older = operator.timed('A', { iat: 1 }, a.pair);
  await bench.resolver.preload!(
    new Map([
      [a.key, older.token],
      [b.key, b.token],
    ]),
  );
  assert.is(await bench.resolver.fetch(a.key), a.token);
  assert.is(await bench.resolver.fetch(b.key), b.token);
  await bench.close();
  const mixed = open('full', { preloads: new Map([[createAccount().getPublicKey(), a.token]]) });
  assert.is(await mixed.catch((error: Error) => error.message), 'subject does not match jwt content');
});

test.run();
