import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Broker } from '../../../kernel/broker.ts';
import type { ResolverOptions } from '../../../plugins/operator/contract.ts';
import { nodeHash } from '../../../plugins/resolver-directory/inbox.ts';
import { plugin } from '../../../plugins/resolver-directory/index.ts';
import { settle } from '../../kits/fake-ports.ts';
import { until } from '../../kits/until.ts';
import { ResolverBench, resolverOptions } from './resolver-host.ts';
import { madeUpKey, TestOperator, timedTokens } from './tokens.ts';

const operator = new TestOperator();
const [a, b] = timedTokens(operator, 2);
const UPDATE = '$SYS.REQ.CLAIMS.UPDATE';
const INTERVAL_MS = 60_000;

type More = Partial<ResolverOptions> & { readonly peers?: number };

async function open(type: string, { peers, ...options }: More = {}): Promise<ResolverBench> {
  const capabilities = peers === undefined ? {} : { 'server.peers': { count: peers } };
  return ResolverBench.open(plugin, resolverOptions(type, options), operator.keys, { capabilities });
}

/** What is published in one system account is in the other too, as between servers that are connected. */
function connect(one: ResolverBench, other: ResolverBench): () => void {
  let isPassing = false;
  const pass = (from: Broker, to: Broker): (() => void)[] =>
    ['$SYS.REQ.>', '$SYS._INBOX.>'].map((pattern) =>
      from.publisher.subscribe(from.accounts.system!, pattern, '', ({ subject, reply, body }) => {
        if (isPassing) return false;
        isPassing = true;
        try {
          return to.publisher.publish(to.accounts.system!, { subject, reply, body: body.slice() }) > 0;
        } finally {
          isPassing = false;
        }
      }),
    );
  const ends = [...pass(one.bench.broker, other.bench.broker), ...pass(other.bench.broker, one.bench.broker)];
  return () => {
    for (const end of ends) end();
  };
}

function fetchFailure(bench: ResolverBench, key: string): Promise<unknown> {
  return bench.resolver.fetch(key).catch((error: Error) => error.message);
}

test('a server alone knows at once that it does not know an account', async () => {
  for (const type of ['full', 'cache']) {
    const bench = await open(type);
    assert.is(await bench.resolver.fetch(a.key), null);
    assert.is(await bench.resolver.fetch('../x'), null);
    await bench.close();
  }
});

test('what a server does not have it gets from another, and keeps', async () => {
  for (const type of ['full', 'cache']) {
    const [mine, other] = [await open(type), await open('full')];
    const cut = connect(mine, other);
    await other.change(UPDATE, a.token);
    const both = [mine.resolver.fetch(a.key), mine.resolver.fetch(a.key)];
    assert.equal(await Promise.all(both), [a.token, a.token]);
    assert.equal(await mine.list(), [a.key]);
    cut();
    assert.is(await mine.resolver.fetch(a.key), a.token);
    assert.is(await mine.resolver.fetch(b.key), null);
    await mine.close();
    await other.close();
  }
});

test('an empty answer counts when all servers that are known have answered', async () => {
  const bench = await open('cache', { peers: 3 });
  const { publisher } = bench.bench.broker;
  const asked: string[] = [];
  const end = publisher.subscribe(bench.host.system, '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP', '', ({ reply }) => {
    asked.push(reply);
    return true;
  });
  const answer = (body: string): number => publisher.publish(bench.host.system, { subject: asked.at(-1)!, body });
  const first = bench.resolver.fetch(a.key);
  await until(() => asked.length === 1);
  answer('');
  answer('');
  answer(a.token);
  assert.is(await first, a.token);
  const second = bench.resolver.fetch(b.key);
  await until(() => asked.length === 2);
  for (let count = 0; count < 3; count++) answer('');
  assert.is(await second, null);
  assert.is(answer('late'), 0);
  assert.match(asked[0]!, new RegExp(`^\\$SYS\\._INBOX\\.${nodeHash(bench.bench.broker.name)}\\.[0-9A-Za-z]{8}$`));
  end();
  await bench.close();
});

test('servers that do not answer are waited for as long as is configured', async () => {
  for (const timeoutMs of [1900, 5]) {
    const bench = await open('cache', { peers: 1, timeoutMs });
    let asked = 0;
    const end = bench.bench.broker.publisher.subscribe(bench.host.system, '$SYS.REQ.>', '', () => {
      asked++;
      return true;
    });
    const fetching = fetchFailure(bench, a.key);
    await until(() => asked === 1);
    await bench.ports.clock.advance(timeoutMs - 1);
    const joined = fetchFailure(bench, a.key);
    await bench.ports.clock.advance(1);
    assert.equal(await Promise.all([fetching, joined]), ['fetching jwt timed out', 'fetching jwt timed out']);
    assert.is(asked, 1);
    end();
    await bench.close();
  }
});

test('what others answer is believed only with a signature', async () => {
  const bench = await open('cache');
  const { publisher } = bench.bench.broker;
  const forged = await new TestOperator().account('A', a.pair);
  let token = forged.token;
  const end = publisher.subscribe(bench.host.system, '$SYS.REQ.>', '', ({ reply }) => {
    publisher.publish(bench.host.system, { subject: reply, body: token });
    return true;
  });
  assert.is(await fetchFailure(bench, a.key), 'operator requires issuer to be a signing key');
  token = 'garbage';
  assert.is(await fetchFailure(bench, a.key), 'expected 3 chunks');
  token = b.token;
  assert.is(await fetchFailure(bench, a.key), 'subject does not match jwt content');
  end();
  await bench.close();
});

test('what was found is used also when it cannot be kept', async () => {
  const [mine, other] = [
    await open('full', { accountsMax: 1, preloads: new Map([[b.key, b.token]]) }),
    await open('full'),
  ];
  const cut = connect(mine, other);
  await other.change(UPDATE, a.token);
  assert.is(await mine.resolver.fetch(a.key), a.token);
  assert.match(mine.bench.log.at(-1)!, /^warn The token of account \S+ is used but cannot be kept: jwt store is full$/);
  cut();
  await mine.close();
  await other.close();
});

test('a thousand accounts may be looked up, and closing ends all lookups', async () => {
  const bench = await open('cache', { peers: 1 });
  let asked = 0;
  const end = bench.bench.broker.publisher.subscribe(bench.host.system, '$SYS.REQ.>', '', () => {
    asked++;
    return true;
  });
  const waiting = Array.from({ length: 1000 }, (_, at) => fetchFailure(bench, madeUpKey(at)));
  await until(() => asked === 1000);
  assert.is(await fetchFailure(bench, madeUpKey(1000)), '1000 accounts are being looked up already');
  end();
  await bench.close();
  for (const failure of await Promise.all(waiting)) assert.is(failure, 'fetching jwt failed due to shutdown');
});

test('servers compare what they have, and take over what is newer', async () => {
  const [mine, other] = [await open('full'), await open('full')];
  const newer = operator.timed('newer', { iat: 9000 }, a.pair);
  await mine.change(UPDATE, a.token);
  mine.host.active.add(a.key);
  await other.change(UPDATE, newer.token);
  await other.change(UPDATE, b.token);
  const cut = connect(mine, other);
  await mine.ports.clock.advance(INTERVAL_MS);
  await until(() => mine.bench.log.includes('info DirResolver - Merged 2 accounts from another server'));
  assert.is((await mine.list()).length, 2);
  assert.is(await mine.resolver.fetch(a.key), newer.token);
  assert.is(await mine.resolver.fetch(b.key), b.token);
  assert.is(mine.host.applied.get(a.key), newer.token);
  await mine.change(UPDATE, operator.timed('newest', { iat: 9999 }, a.pair).token);
  const before = await mine.resolver.fetch(a.key);
  await mine.ports.clock.advance(INTERVAL_MS);
  const packs = (): number => other.bench.log.filter((line) => line.includes('finished responding with hash')).length;
  await until(() => packs() === 2);
  await settle();
  assert.is(await mine.resolver.fetch(a.key), before, 'what is older there is left there');
  cut();
  await mine.close();
  await other.close();
});

test('a pack is believed no more than a push', async () => {
  const bench = await open('full', { preloads: new Map([[b.key, b.token]]) });
  const { publisher } = bench.bench.broker;
  const forged = await new TestOperator().account('A', a.pair);
  const packs: string[] = [];
  const end = publisher.subscribe(bench.host.system, '$SYS.REQ.CLAIMS.PACK', 'responder', ({ reply, body }) => {
    packs.push(Buffer.from(body).toString('hex'));
    for (const line of [`${a.key}|${forged.token}`, `${a.key}|${b.token}`, 'garbage', '../x|y', `${a.key}|`, '|', '']) {
      publisher.publish(bench.host.system, { subject: reply, body: line });
    }
    return true;
  });
  await bench.ports.clock.advance(INTERVAL_MS);
  const errors = (): string[] => bench.bench.log.filter((line) => line.startsWith('error'));
  await until(() => errors().length >= 5);
  assert.equal(await bench.list(), [b.key]);
  assert.ok(
    errors().includes(`error DirResolver - Error merging ${a.key}: operator requires issuer to be a signing key`),
  );
  assert.is(packs.length, 1);
  end();
  await bench.close();
});

test('a server that never ends its pack does not keep the next from being asked for', async () => {
  const bench = await open('full');
  let packs = 0;
  const end = bench.bench.broker.publisher.subscribe(bench.host.system, '$SYS.REQ.CLAIMS.PACK', 'responder', () => {
    packs++;
    return true;
  });
  for (let round = 0; round < 6; round++) await bench.ports.clock.advance(INTERVAL_MS);
  assert.ok(packs >= 3, `${packs} packs`);
  end();
  await bench.close();
});

test('expired accounts leave the directory while the broker runs', async () => {
  const bench = await open('full');
  const soon = operator.timed('soon', { exp: bench.ports.clock.now() / 1000 + 5 });
  await bench.change(UPDATE, soon.token);
  await bench.ports.clock.advance(4999);
  assert.equal(await bench.list(), [soon.key]);
  await bench.ports.clock.advance(1001);
  assert.equal(await bench.list(), []);
  await bench.close();
});

test.run();
