/** Rules that change while clients are connected. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { account, accounts, replyIn, SharingBench } from './sharing-bench.ts';

const PLAIN = accounts(account('A', ''), account('B', ''));
const STREAM = accounts(
  account('A', 'exports: [{stream: "a.>"}]'),
  account('B', 'imports: [{stream: {account: A, subject: "a.>"}}]'),
);

test('the plugin starts when the configuration speaks of it for the first time', async () => {
  await SharingBench.with(
    'accounts { A { users: [{user: a, password: p}] }\nB { users: [{user: b, password: p}] } }',
    async (bench) => {
      const [exporter, importer] = [await bench.client('a'), await bench.client('b')];
      await importer.ask('SUB > 1\r\nSUB a.* q 2\r\n');
      assert.ok(await bench.reload(STREAM), bench.log.at(-1));
      await exporter.ask('PUB a.x 1\r\nm\r\n');
      assert.is((await importer.ask()).split('MSG a.x ').length, 3);
      assert.ok(await bench.reload(PLAIN));
      await exporter.ask('PUB a.x 1\r\nm\r\n');
      assert.is(await importer.ask(), '');
      assert.is(bench.server.broker.accounts.get('A')!.sublist.count, 0);
    },
  );
});

test('an import that stays as it was is not touched when another comes', async () => {
  await SharingBench.with(STREAM, async (bench) => {
    const importer = await bench.client('b');
    await importer.ask('SUB a.x 1\r\n');
    const { sublist } = bench.server.broker.accounts.get('A')!;
    const { inserts } = sublist;
    const more = accounts(
      account('A', 'exports: [{stream: "a.>"}, {stream: "b"}]'),
      account('B', 'imports: [{stream: {account: A, subject: "b"}}, {stream: {account: A, subject: "a.>"}}]'),
    );
    assert.ok(await bench.reload(more), bench.log.at(-1));
    assert.is(sublist.inserts, inserts);
    assert.is(sublist.removes, 0);
  });
});

test('a reload with a forbidden import changes nothing', async () => {
  await SharingBench.with(STREAM, async (bench) => {
    const [exporter, importer] = [await bench.client('a'), await bench.client('b')];
    await importer.ask('SUB a.x 1\r\n');
    const wrong = accounts(account('A', ''), account('B', 'imports: [{stream: {account: A, subject: "a.>"}}]'));
    assert.not(await bench.reload(wrong));
    assert.match(bench.log.at(-1)!, /Error adding stream import "a.>": stream import not authorized/);
    await exporter.ask('PUB a.x 1\r\nm\r\n');
    assert.is(await importer.ask(), 'MSG a.x 1 1\r\nm\r\n');
  });
});

test('an account that goes takes its imports and what others import of it along', async () => {
  await SharingBench.with(STREAM, async (bench) => {
    const [exporter, importer] = [await bench.client('a'), await bench.client('b')];
    await importer.ask('SUB a.x 1\r\n');
    assert.ok(await bench.reload(accounts(account('A', 'exports: [{stream: "a.>"}]'))), bench.log.at(-1));
    assert.ok(importer.wire.isEnded);
    await exporter.ask('PUB a.x 1\r\nm\r\n');
    assert.is(bench.server.broker.accounts.get('A')!.sublist.count, 0);
    assert.ok(await bench.reload(STREAM), bench.log.at(-1));
    const back = await bench.client('b');
    await back.ask('SUB a.x 1\r\n');
    await exporter.ask('PUB a.x 1\r\nm\r\n');
    assert.is(await back.ask(), 'MSG a.x 1 1\r\nm\r\n');
  });
});

test('a publisher that repeats a subject notices at once', async () => {
  await SharingBench.with(PLAIN, async (bench) => {
    const [exporter, importer] = [await bench.client('a'), await bench.client('b')];
    await importer.ask('SUB a.x 1\r\n');
    await exporter.ask('PUB a.x 1\r\n1\r\n');
    assert.ok(await bench.reload(STREAM));
    await exporter.ask('PUB a.x 1\r\n2\r\n');
    assert.is(await importer.ask(), 'MSG a.x 1 1\r\n2\r\n');
  });
});

test('a new threshold and a new kind of answers hold for the next request', async () => {
  const config = (rule: string): string =>
    accounts(
      account('A', `exports: [{service: s${rule}}]`),
      account('B', 'imports: [{service: {account: A, subject: s}}]'),
    );
  await SharingBench.with(config(''), async (bench) => {
    const [responder, requester] = [await bench.client('a'), await bench.client('b')];
    await responder.ask('SUB s 1\r\n');
    await requester.ask('SUB in 1\r\nPUB s in 1\r\n1\r\n');
    const first = replyIn(await responder.ask());
    assert.ok(await bench.reload(config(', response: stream, threshold: "1s"')), bench.log.at(-1));
    await requester.ask('PUB s in 1\r\n2\r\n');
    const second = replyIn(await responder.ask());
    await responder.ask(`PUB ${second} 1\r\na\r\nPUB ${second} 1\r\nb\r\n`);
    assert.is(await requester.ask(), 'MSG in 1 1\r\na\r\nMSG in 1 1\r\nb\r\n');
    await bench.ports.clock.advance(1_500);
    assert.is(bench.sharing.pendingCount, 1);
    await responder.ask(`PUB ${first} 1\r\nc\r\nPUB ${first} 1\r\nd\r\nPUB ${second} 1\r\ne\r\n`);
    assert.is(await requester.ask(), 'MSG in 1 1\r\nc\r\n');
  });
});

test('the limit of pending requests changes for imports that come later', async () => {
  await SharingBench.with(STREAM, async (bench) => {
    assert.is(bench.sharing.pendingMax, 65_536);
    assert.ok(await bench.reload(`account_sharing { max_pending_requests: 7 }\n${STREAM}`), bench.log.at(-1));
    assert.is(bench.sharing.pendingMax, 7);
  });
});

test.run();
