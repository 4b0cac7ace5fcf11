import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin } from '../../../plugins/resolver-memory/index.ts';
import { ResolverBench, resolverOptions } from '../resolver-directory/resolver-host.ts';
import { TestOperator } from '../resolver-directory/tokens.ts';

const operator = new TestOperator();
const [a, b] = await Promise.all([operator.account('A'), operator.account('B')]);

function open(): Promise<ResolverBench> {
  return ResolverBench.open(
    plugin,
    resolverOptions('memory', { preloads: new Map([[a.key, a.token]]) }),
    operator.keys,
  );
}

test('accounts are what the configuration says, also after a reload', async () => {
  const bench = await open();
  assert.is(await bench.resolver.fetch(a.key), a.token);
  assert.is(await bench.resolver.fetch(b.key), null);
  await bench.resolver.preload!(new Map([[b.key, b.token]]));
  assert.is(await bench.resolver.fetch(a.key), null);
  assert.is(await bench.resolver.fetch(b.key), b.token);
  await bench.close();
});

test('a token that is pushed acts on an account in use, and is not kept', async () => {
  const bench = await open();
  const newer = operator.timed('newer', { iat: 2000 }, a.pair);
  for (const subject of [`$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.UPDATE`, `$SYS.ACCOUNT.${a.key}.CLAIMS.UPDATE`]) {
    bench.host.active.clear();
    assert.is(await bench.change(subject, newer.token), `${a.key}: jwt update skipped`);
    assert.is(bench.host.applied.size, 0);
    bench.host.active.add(a.key);
    assert.is(await bench.change(subject, newer.token), `${a.key}: jwt updated`);
    assert.is(bench.host.applied.get(a.key), newer.token);
    bench.host.applied.clear();
  }
  assert.is(await bench.resolver.fetch(a.key), a.token);
  await bench.close();
});

test('what is wrong with a token is answered', async () => {
  const bench = await open();
  bench.host.active.add(a.key);
  const cases: [string, string][] = [
    ['', 'jwt update error - request body is empty'],
    ['garbage', 'jwt update resulted in error - expected 3 chunks'],
    ['x'.repeat(1_048_576), 'jwt update resulted in error - expected 3 chunks'],
    [b.token, 'jwt update resulted in error - subject does not match jwt content'],
    [`${a.token.slice(0, -4)}AAAA`, 'jwt update resulted in error - claim failed V2 signature verification'],
  ];
  for (const [body, expected] of cases) {
    assert.is(await bench.change(`$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.UPDATE`, body), `${a.key}: ${expected}`);
  }
  assert.is(bench.host.applied.size, 0);
  bench.host.refusal = 'account validation failed';
  const forged = await new TestOperator().account('A', a.pair);
  bench.host.active.clear();
  const skipped = await bench.change(`$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.UPDATE`, forged.token);
  assert.is(skipped, `${a.key}: jwt update skipped`);
  bench.host.active.add(a.key);
  const answer = await bench.change(`$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.UPDATE`, a.token);
  assert.is(answer, `${a.key}: jwt update resulted in error - account validation failed`);
  await bench.close();
});

test('other requests are served by nobody', async () => {
  const bench = await open();
  for (const subject of [
    '$SYS.REQ.CLAIMS.UPDATE',
    '$SYS.REQ.CLAIMS.LIST',
    '$SYS.REQ.CLAIMS.PACK',
    '$SYS.REQ.CLAIMS.DELETE',
    `$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.LOOKUP`,
  ]) {
    assert.is(await bench.request(subject).catch((error: Error) => error.message), `nobody serves ${subject}`);
  }
  await bench.close();
});

test('of updates that come together the last one stays', async () => {
  const bench = await open();
  bench.host.active.add(a.key);
  const tokens = Array.from({ length: 20 }, (_, at) => operator.timed(`${at}`, { iat: at }, a.pair));
  await Promise.all(tokens.map(({ token }) => bench.change(`$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.UPDATE`, token)));
  assert.is(bench.host.applied.get(a.key), tokens[19]!.token);
  await bench.close();
});

test('more updates than may wait are refused', async () => {
  const bench = await open();
  let resume = (): void => {};
  bench.host.pause = new Promise((resolve) => {
    resume = resolve;
  });
  const body = 'x'.repeat(1_048_576);
  const subject = `$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.UPDATE`;
  const first = bench.change(subject, a.token);
  const waiting = Array.from({ length: 63 }, () => bench.change(subject, body));
  const refused = await bench.change(subject, body);
  assert.is(refused, `${a.key}: jwt update resulted in error - too many updates wait, try again later`);
  resume();
  assert.is(await first, `${a.key}: jwt update skipped`);
  for (const answer of await Promise.all(waiting)) assert.match(answer, /expected 3 chunks/);
  await bench.close();
});

test.run();
