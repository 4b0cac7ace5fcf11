/** What becomes of requests that are answered late, twice, by nobody, or for nobody; and of many of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestWire } from '../../kits/broker-bench.ts';
import { account, accounts, type Client, replyIn, SharingBench, settle } from './sharing-bench.ts';

const IMPORTS = 'imports: [{service: {account: A, subject: s}}]';
const SERVICE = accounts(account('A', 'exports: [{service: s}]'), account('B', IMPORTS));
const STREAM = accounts(
  account('A', 'exports: [{service: s, response: stream, threshold: "1s"}]'),
  account('B', IMPORTS),
);

interface Pair {
  readonly bench: SharingBench;
  readonly responder: Client;
  readonly requester: Client;
}

async function withPair(config: string, use: (pair: Pair) => Promise<void>): Promise<void> {
  await SharingBench.with(config, async (bench) => {
    const responder = await bench.client('a');
    await responder.ask('SUB s 1\r\n');
    const requester = await bench.client('b');
    await requester.ask('SUB in.* 1\r\n');
    await use({ bench, responder, requester });
  });
}

/** Where the responder is to answer. */
async function request({ requester, responder }: Pair, reply: string): Promise<string> {
  await requester.ask(`PUB s ${reply} 1\r\nq\r\n`);
  return replyIn(await responder.ask());
}

test('an answer after the threshold is not heard, and nothing of the request is left', async () => {
  await withPair(SERVICE, async (pair) => {
    const { bench, requester, responder } = pair;
    const reply = await request(pair, 'in.1');
    assert.is(bench.sharing.pendingCount, 1);
    await bench.ports.clock.advance(119_999);
    assert.is(bench.sharing.pendingCount, 1);
    await bench.ports.clock.advance(1);
    assert.is(bench.sharing.pendingCount, 0);
    assert.is(bench.sharing.counts.expired, 1);
    await responder.ask(`PUB ${reply} 1\r\na\r\n`);
    assert.is(await requester.ask(), '');
  });
});

test('many answers have the threshold from one to the next', async () => {
  await withPair(STREAM, async (pair) => {
    const { bench, requester, responder } = pair;
    const reply = await request(pair, 'in.1');
    for (const answer of ['1', '2', '3']) {
      await bench.ports.clock.advance(900);
      await responder.ask(`PUB ${reply} 1\r\n${answer}\r\n`);
      assert.is(await requester.ask(), `MSG in.1 1 1\r\n${answer}\r\n`);
    }
    await bench.ports.clock.advance(1_000);
    await responder.ask(`PUB ${reply} 1\r\n4\r\n`);
    assert.is(await requester.ask(), '');
    assert.is(bench.sharing.pendingCount, 0);
  });
});

test('many answers end when nobody listens any more', async () => {
  await withPair(STREAM, async (pair) => {
    const { bench, requester, responder } = pair;
    const reply = await request(pair, 'in.1');
    await requester.ask('UNSUB 1\r\n');
    await responder.ask(`PUB ${reply} 1\r\n1\r\n`);
    assert.is(bench.sharing.pendingCount, 0);
  });
});

test('requests of a requester that leaves are forgotten within a quarter of a second', async () => {
  await withPair(SERVICE, async (pair) => {
    const { bench, requester } = pair;
    for (let count = 0; count < 1_200; count++) requester.send(`PUB s in.${count} 1\r\nq\r\n`);
    await settle();
    assert.is(bench.sharing.pendingCount, 1_200);
    requester.wire.receiver?.onClosed(null);
    await bench.ports.clock.advance(250);
    assert.is(bench.sharing.pendingCount, 0);
  });
});

test('requests of others stay when one requester leaves', async () => {
  await withPair(SERVICE, async (pair) => {
    const { bench, requester, responder } = pair;
    const other = await bench.client('b');
    await other.ask('SUB out 1\r\nPUB s out 1\r\nq\r\n');
    const reply = replyIn(await responder.ask());
    await request(pair, 'in.1');
    requester.wire.receiver?.onClosed(null);
    await bench.ports.clock.advance(1_000);
    assert.is(bench.sharing.pendingCount, 1);
    await responder.ask(`PUB ${reply} 1\r\na\r\n`);
    assert.is(await other.ask(), 'MSG out 1 1\r\na\r\n');
  });
});

test('an import keeps as many requests as it may, and gives up the oldest beyond', async () => {
  await withPair(`account_sharing { max_pending_requests: 3 }\n${SERVICE}`, async (pair) => {
    const { bench, requester, responder } = pair;
    const replies: string[] = [];
    for (const number of [1, 2, 3]) replies.push(await request(pair, `in.${number}`));
    assert.is(bench.sharing.counts.dropped, 0);
    replies.push(await request(pair, 'in.4'));
    assert.is(bench.sharing.counts.dropped, 1);
    assert.is(bench.sharing.pendingCount, 3);
    for (const reply of replies) await responder.ask(`PUB ${reply} 1\r\na\r\n`);
    const heard = [...(await requester.ask()).matchAll(/in\.\d/g)].join();
    assert.is(heard, 'in.2,in.3,in.4');
    assert.is(bench.sharing.pendingCount, 0);
  });
});

test('a storm of requests that nobody answers stays within the limit', async () => {
  await withPair(
    `account_sharing { max_pending_requests: 1000 }\n${SERVICE}`,
    async ({ bench, requester, responder }) => {
      for (let round = 0; round < 20; round++) {
        requester.send('PUB s in.1 1\r\nq\r\n'.repeat(500));
        await settle();
        responder.take();
      }
      assert.is(bench.sharing.pendingCount, 1_000);
      assert.is(bench.sharing.counts.dropped, 9_000);
      await bench.ports.clock.advance(120_000);
      assert.is(bench.sharing.pendingCount, 0);
    },
  );
});

test('requests that nobody can take leave nothing behind', async () => {
  await SharingBench.with(SERVICE, async (bench) => {
    const requester = await bench.client('b');
    const said = await requester.ask(`SUB in 1\r\n${'PUB s in 1\r\nq\r\n'.repeat(100)}`);
    assert.is([...said.matchAll(/NATS\/1\.0 503/g)].length, 100);
    assert.is(bench.sharing.pendingCount, 0);
  });
});

test('only members of a queue group may listen, and one of them gets the request', async () => {
  await SharingBench.with(SERVICE, async (bench) => {
    const responder = await bench.client('a');
    await responder.ask('SUB s q 1\r\nSUB s q 2\r\n');
    const requester = await bench.client('b');
    await requester.ask('SUB in 1\r\nPUB s in 1\r\nq\r\n');
    assert.is([...(await responder.ask()).matchAll(/^HMSG/gm)].length, 1);
  });
});

test('an account that asks itself gets the request once more, and not for ever', async () => {
  const config = accounts(account('A', 'exports: [{service: s}], imports: [{service: {account: A, subject: s}}]'));
  await SharingBench.with(config, async (bench) => {
    const client = await bench.client('a');
    const said = await client.ask('SUB s 1\r\nPUB s 1\r\nq\r\n');
    assert.is([...said.matchAll(/^MSG s 1 1\r\nq/gm)].length, 1);
    assert.is([...said.matchAll(/^HMSG s 1 /gm)].length, 1);
  });
});

test('mappings that lead back into the import do not make a loop', async () => {
  const loop = (name: string, other: string): string =>
    account(
      name,
      `exports: [{service: ${name}}], imports: [{service: {account: ${other}, subject: ${other}}, to: "to.${name}"}], mappings: {${name}: "to.${name}"}`,
    );
  await SharingBench.with(accounts(loop('A', 'B'), loop('B', 'A')), async (bench) => {
    const client = await bench.client('a');
    const said = await client.ask('SUB in 1\r\nSUB > 2\r\nPUB to.A in 1\r\nq\r\n');
    assert.ok(said.length < 2_000, said);
    assert.is(bench.sharing.pendingCount < 4, true);
  });
});

test('a requester that asks with the subject of the service as its reply makes no loop', async () => {
  await withPair(SERVICE, async (pair) => {
    const { bench, requester, responder } = pair;
    await requester.ask('PUB s s 1\r\nq\r\n');
    const reply = replyIn(await responder.ask());
    const said = await responder.ask(`PUB ${reply} 1\r\na\r\n`);
    assert.match(said, /^HMSG s 1 \d+ \d+\r\n[^_]*\r\na\r\n$/);
    assert.is(bench.sharing.pendingCount, 0);
  });
});

/** Each account has two others to ask, and so on: two to the power of `depth` ways. */
function tree(depth: number): string {
  const ask = (level: number): string =>
    ['a', 'b'].map((way) => `{service: {account: L${level}${way}, subject: s}}`).join(', ');
  const level = (at: number): string =>
    ['a', 'b']
      .map((way) => `L${at}${way} { exports: [{service: s}]${at === depth ? '' : `, imports: [${ask(at + 1)}]`} }`)
      .join('\n');
  const levels = Array.from({ length: depth }, (_, at) => level(at + 1));
  return accounts(account('B', `imports: [${ask(1)}]`), ...levels.map((text) => `${text}\n`));
}

for (const [depth, copies] of [
  [9, 512],
  [16, 0],
] as const) {
  test(`a request that could go ${2 ** depth} ways goes ${copies === 0 ? 'at most two thousand' : 'them all'}`, async () => {
    await SharingBench.with(tree(depth), async (bench) => {
      const { accounts: all, publisher } = bench.server.broker;
      let count = 0;
      const ends = ['a', 'b'].map((way) =>
        publisher.subscribe(all.get(`L${depth}${way}`)!, 's', '', () => ++count > 0),
      );
      const crossed = publisher.publish(all.get('B')!, { subject: 's', body: 'q' });
      assert.ok(copies === 0 ? count < 2_048 : count === copies, `${count} of ${crossed}`);
      for (const end of ends) end();
    });
  });
}

const INFO = 'Nats-Request-Info: {"acc":"B","rtt":';

for (const [what, header, kept] of [
  ['in other letters', 'NATS/1.0\r\nnats-request-info: x\r\nA: b\r\n\r\n', 'NATS/1.0\r\nA: b\r\n'],
  ['behind a bare line feed', 'NATS/1.0\r\nA: b\nNats-Request-Info: x\r\n\r\n', 'NATS/1.0\r\nA: b\r\n'],
  ['with a blank', 'NATS/1.0\r\nNats-Request-Info : x\r\n\r\n', 'NATS/1.0\r\n'],
  ['where the header has no end', 'NATS/1.0\r\nA: b', 'NATS/1.0\r\nA: b\r\n'],
  ['in no header at all', 'XY', 'NATS/1.0\r\n'],
  ['twice', 'NATS/1.0\r\nNats-Request-Info: x\r\nA: b\r\nNats-Request-Info: y\r\n\r\n', 'NATS/1.0\r\nA: b\r\n'],
] as const) {
  test(`a requester can not say who it is ${what}`, async () => {
    await withPair(SERVICE, async ({ requester, responder }) => {
      await requester.ask(`HPUB s ${header.length} ${header.length + 1}\r\n${header}q\r\n`);
      const [line, ...rest] = (await responder.ask()).split('\r\n');
      assert.ok(rest.join('\r\n').startsWith(kept + INFO), rest.join('|'));
      const [, , , size, total] = line!.split(' ').map(Number);
      assert.is(rest.join('\r\n').length, total! + 2);
      assert.is(total, size! + 1);
    });
  });
}

test('large requests are carried whole, and give their memory back', async () => {
  await withPair(SERVICE, async ({ requester, responder }) => {
    const body = 'x'.repeat(300_000);
    await requester.ask(`PUB s in.1 ${body.length}\r\n${body}\r\n`);
    assert.ok((await responder.ask()).endsWith(`\r\n\r\n${body}\r\n`));
    await requester.ask('PUB s in.1 2\r\nhi\r\n');
    assert.ok((await responder.ask()).endsWith('\r\n\r\nhi\r\n'));
  });
});

test('requests of the broker itself name the account and nobody else', async () => {
  await withPair(SERVICE, async ({ bench, responder }) => {
    const { accounts: all, publisher } = bench.server.broker;
    assert.is(publisher.publish(all.get('B')!, { subject: 's', body: 'q' }), 1);
    assert.match(await responder.ask(), /Nats-Request-Info: \{"acc":"B"\}\r\n\r\nq/);
  });
});

test('a requester over a WebSocket is told as such', async () => {
  class WebWire extends TestWire {
    override readonly kind = 'websocket' as never;
  }
  const shared = SERVICE.replace('subject: s}', 'subject: s}, share: true');
  await SharingBench.with(shared, async (bench) => {
    const responder = await bench.client('a');
    await responder.ask('SUB s 1\r\n');
    for (const [wire, type] of [
      [new WebWire(), 'websocket'],
      [new TestWire(), 'nats'],
    ] as const) {
      const requester = await bench.client('b', {}, wire);
      await requester.ask('PUB s 1\r\nq\r\n');
      assert.match(await responder.ask(), new RegExp(`"kind":"Client","client_type":"${type}"`));
    }
  });
});

test('closing the broker leaves no timer', async () => {
  let bench: SharingBench | null = null;
  await withPair(SERVICE, async (pair) => {
    await request(pair, 'in.1');
    bench = pair.bench;
  });
  assert.is(bench!.ports.clock.pending, 0);
});

test.run();
