/** `gnatlet store` on streams that are compressed, and on what was set aside. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreCompression } from '@nats-io/jetstream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, run } from './broker-process.ts';
import {
  blockOf,
  bodyOf,
  COUNT,
  checked,
  copied,
  dumped,
  fill,
  flip,
  folder,
  lostOf,
  named,
  original,
  served,
  tool,
} from './store-copies.ts';

test.before(() => fill(original));
test.after(() => folder[Symbol.dispose]());

test('S-34: a stream that is compressed is checked, dumped, repaired and filled from a copy as any other', async () => {
  const whole = folder.file('compressed');
  await fill(whole, '', StoreCompression.S2);
  const sizeOf = (directory: string): number =>
    named(directory, '.blk').reduce((sum, path) => sum + statSync(path).size, 0);
  assert.ok(sizeOf(whole) < sizeOf(original) / 3, `${sizeOf(whole)} and ${sizeOf(original)}`);
  assert.ok((await checked(whole)).whole);
  const directory = copied(whole);
  const block = named(directory, '.blk').sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
  flip(block, 8192 + 700);
  const lost = lostOf(await checked(directory), 'A');
  assert.ok(lost.length > 1 && lost.length < 80, `${lost.length}: a frame that is compressed is lost as a whole`);
  const lines = (await dumped(directory, '--stream', 'A')).filter(({ kind }) => kind === 'message');
  assert.is(lines.length, COUNT - lost.length);
  for (const { seq, data } of lines) assert.is(data, bodyOf(seq));
  assert.is((await tool('repair', directory)).code, 2);
  assert.equal(lostOf(await checked(directory), 'A'), lost);
  assert.is((await tool('repair', directory, '--from', whole)).code, 0);
  const { texts } = await served(directory);
  assert.is(texts.size, COUNT);
  for (const [seq, text] of texts) assert.is(text, bodyOf(seq));
  assert.is(named(join(directory, 'jetstream'), '.blk').length, 2, 'what was found was written together');
  assert.ok(sizeOf(join(directory, 'jetstream')) < sizeOf(original) / 3, 'what was written anew is compressed too');
});

test('D-12: a folder that nothing is known of is set aside when a server starts, is listed, and goes when somebody says so', async () => {
  const directory = copied();
  // Nor is the journal there, which would make it again.
  rmSync(join(directory, 'jetstream', 'journal'), { recursive: true });
  for (const path of named(directory, 'checkpoint.1').concat(named(directory, 'checkpoint.2'))) {
    if (path.includes('/stores/1/')) flip(path, 100);
  }
  const whole = readFileSync(blockOf(directory));
  assert.match((await tool('quarantine', directory)).out, /: nothing was set aside\n$/);
  {
    await using broker = await BrokerProcess.start(['-js', '-sd', directory, '-m', '-1'], folder.path);
    assert.match(
      broker.err.text,
      /\[ERR\] storage-file: stores\/1 has no checkpoint that is whole, and the journal does not know it: it is not/,
    );
    assert.match(
      broker.err.text,
      /\[WRN\] storage-file: one thing was set aside in \S+quarantine: see "gnatlet store quarantine"/,
    );
    const [, monitor] = /Starting http monitor on (\S+)/.exec(broker.err.text)!;
    const health = await (await fetch(`http://${monitor}/healthz`)).text();
    assert.match(health, /JetStream stream in \S+quarantine\/1-\d+ could not be recovered/);
  }
  const { code, out } = await run(['store', 'quarantine', directory]);
  assert.is(code, 0);
  const [, name] = /^(1-\d+): 3 files, \d+ bytes, since 20\d\d-[^ ]+Z: stores\/1 has no checkpoint that is whole/.exec(
    out,
  )!;
  assert.equal(readFileSync(join(directory, 'jetstream/quarantine', name!, '00000001.blk')), whole);
  assert.is((await run(['store', 'discard', directory, '--entry', '9-9'])).code, 1);
  assert.match((await run(['store', 'discard', directory])).err, /name what is to be removed with --entry/);
  assert.match((await tool('discard', directory, '--entry', name!)).out, /is removed\n$/);
  assert.equal(JSON.parse((await tool('quarantine', directory, '--json')).out), []);
});

test('D-12: a stream is set aside by hand, and its name is free', async () => {
  const directory = copied();
  const { out } = await tool('quarantine', directory, '--stream', 'A');
  assert.match(out, /^the stream 'A' was set aside in [^\n]+\/quarantine\/1-\d+\n\n1-\d+: 3 files/);
  assert.ok(readFileSync(named(directory, '.blk')[0]!).includes(bodyOf(7)));
  assert.equal(
    (await checked(directory)).streams.map(({ stream }) => stream),
    ['B'],
  );
  assert.match((await run(['store', 'quarantine', directory, '--stream', 'A'])).err, /there is no stream 'A'/);
  await fill(directory);
  assert.equal((await served(directory)).texts.size, COUNT);
});

test.run();
