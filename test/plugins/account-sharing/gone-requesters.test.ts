/** Requests whose requester stops listening: they are over at once, and a measurement says so once. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { account, accounts, type Client, replyIn, SharingBench, settle } from './sharing-bench.ts';

const MEASURED = accounts(
  account('A', 'exports: [{service: s, threshold: "1s", latency: figures}]'),
  account('B', 'imports: [{service: {account: A, subject: s}}]'),
);
const NOT_MEASURED = MEASURED.replace(', latency: figures', '');
/** What is done in one turn. */
const SLICE = 500;
const EVENTS_MAX = 50;
const SWEEP_PAUSE_MS = 250;

interface Scene {
  readonly bench: SharingBench;
  readonly responder: Client;
  readonly requester: Client;
  readonly watcher: Client;
}

async function withScene(config: string, use: (scene: Scene) => Promise<void>): Promise<void> {
  await SharingBench.with(config, async (bench) => {
    const [responder, watcher, requester] = [await bench.client('a'), await bench.client('a'), await bench.client('b')];
    await responder.ask('SUB s 1\r\n');
    await watcher.ask('SUB figures 1\r\n');
    await use({ bench, responder, requester, watcher });
  });
}

async function request(requester: Client, responder: Client, reply: string): Promise<string> {
  await requester.ask(`PUB s ${reply} 1\r\nq\r\n`);
  return replyIn(await responder.ask());
}

async function statuses(watcher: Client): Promise<number[]> {
  await settle();
  return [...(await watcher.ask()).matchAll(/"status":(\d+)/g)].map(([, status]) => Number(status));
}

function leave({ wire }: Client): void {
  wire.receiver?.onClosed(null);
}

const nobody = async () => {};
const endsOne = async (client: Client) => void (await client.ask('UNSUB 1\r\n'));

for (const [what, subscriptions, reply, end, atOnce, afterAnswer] of [
  ['that closes is over at once', 'SUB z 1\r\n', 'z', async (client: Client) => leave(client), [408], []],
  [
    'that closes with a wildcard is over at once',
    'SUB z.* 1\r\n',
    'z.1',
    async (client: Client) => leave(client),
    [408],
    [],
  ],
  ['that stops listening is over at once', 'SUB z 1\r\n', 'z', endsOne, [408], []],
  ['that stops listening to a wildcard is over at once', 'SUB z.> 1\r\n', 'z.1.2', endsOne, [408], []],
  ['that still listens otherwise goes on', 'SUB z.* 1\r\nSUB z.1 2\r\n', 'z.1', endsOne, [], [200]],
  ['that stops listening to something else goes on', 'SUB y 1\r\n', 'z', endsOne, [], [200]],
  ['that stops listening to other wildcards goes on', 'SUB y.* 1\r\n', 'z.1', endsOne, [], [200]],
  ['that never listened goes on', '', 'z', nobody, [], [200]],
] as const) {
  test(`a request of somebody ${what}`, async () => {
    await withScene(MEASURED, async ({ bench, responder, requester, watcher }) => {
      await requester.ask(subscriptions);
      const answerTo = await request(requester, responder, reply);
      await end(requester);
      assert.equal(await statuses(watcher), atOnce);
      assert.is(bench.sharing.pendingCount, 1 - atOnce.length);
      await responder.ask(`PUB ${answerTo} 1\r\na\r\n`);
      assert.equal(await statuses(watcher), afterAnswer);
      await bench.ports.clock.advance(2_000);
      assert.equal(await statuses(watcher), []);
    });
  });
}

test('an answer that comes before the loss was looked at counts as lost too', async () => {
  await withScene(MEASURED, async ({ bench, responder, requester, watcher }) => {
    await requester.ask('SUB z.* 1\r\nSUB y.* 2\r\n');
    const answerTo = await request(requester, responder, 'z.1');
    await requester.ask('UNSUB 2\r\n');
    await requester.ask('UNSUB 1\r\n');
    assert.is(bench.sharing.pendingCount, 1, 'wildcards are not looked through twice so soon');
    await responder.ask(`PUB ${answerTo} 1\r\na\r\n`);
    assert.equal(await statuses(watcher), [408]);
    assert.is(bench.sharing.pendingCount, 0);
  });
});

test('what could not be looked at yet is looked at after a quarter of a second', async () => {
  await withScene(MEASURED, async ({ bench, responder, requester, watcher }) => {
    await requester.ask('SUB z.* 1\r\nSUB y.* 2\r\n');
    await request(requester, responder, 'z.1');
    await requester.ask('UNSUB 2\r\n');
    await requester.ask('UNSUB 1\r\n');
    await bench.ports.clock.advance(SWEEP_PAUSE_MS);
    assert.equal(await statuses(watcher), [408]);
  });
});

test('somebody who listens again in the same breath gets the answer', async () => {
  await withScene(MEASURED, async ({ responder, requester, watcher }) => {
    await requester.ask('SUB z 1\r\n');
    const answerTo = await request(requester, responder, 'z');
    await requester.ask('UNSUB 1\r\nSUB z 2\r\n');
    await responder.ask(`PUB ${answerTo} 1\r\na\r\n`);
    assert.is(await requester.ask(), 'MSG z 2 1\r\na\r\n');
    assert.equal(await statuses(watcher), [200]);
  });
});

for (const [what, subscription, replyOf] of [
  ['one reply subject', 'SUB z 1\r\n', () => 'z'],
  ['reply subjects of one wildcard', 'SUB z.* 1\r\n', (number: number) => `z.${number}`],
] as const) {
  for (const [config, most] of [
    [NOT_MEASURED, SLICE],
    [MEASURED, EVENTS_MAX],
  ] as const) {
    const total = 2 * most + 7;
    test(`of ${total} requests with ${what} at most ${most} end in one turn, and all in the end`, async () => {
      await withScene(config, async ({ bench, requester, watcher }) => {
        await requester.ask(subscription);
        for (let number = 0; number < total; number++) requester.send(`PUB s ${replyOf(number)} 1\r\nq\r\n`);
        await settle();
        assert.is(bench.sharing.pendingCount, total);
        leave(requester);
        await settle();
        assert.is.not(bench.sharing.pendingCount, total);
        assert.ok(bench.sharing.pendingCount >= total - most, `${bench.sharing.pendingCount} of ${total}`);
        for (let turn = 0; turn < 5; turn++) await bench.ports.clock.advance(1);
        assert.is(bench.sharing.pendingCount, 0);
        assert.is((await statuses(watcher)).length, config === MEASURED ? total : 0);
      });
    });
  }
}

test.run();
