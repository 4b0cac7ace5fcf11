/** Plugins that a reload puts into the list, or takes out of it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, Folder, RawClient } from './broker-process.ts';

const DONE = 'Reloaded server configuration';
const FAILED = 'Failed to reload server configuration: ';
const HELLO = 'CONNECT {"verbose":false}\r\nPING\r\n';

const guest = (name: string, more: string): string => `export const plugin = {
  name: '${name}', version: '1.0.0', api: [1], ${more}
  config: { key: '${name}', schema: { read: (node) => ({ text: node?.value ?? 'nothing' }) }, live: 'live' },
  init: (ctx) => ctx.kernel.log.info('${name} is here'),
  reload: (ctx, state, { after }) => ctx.kernel.log.info('${name} hears ' + after.text),
  close: (ctx) => ctx.kernel.log.info('${name} is gone'),
};`;

async function inRun(text: string, body: (broker: BrokerProcess, reload: Reload) => Promise<void>): Promise<void> {
  using folder = new Folder();
  folder.write('guest.mjs', guest('guest', 'mayComeAndGo: true,'));
  folder.write(
    'giver.mjs',
    guest('giver', "mayComeAndGo: true, provides: [{ name: 'gift', cardinality: 'one', optional: true }],"),
  );
  folder.write(
    'taker.mjs',
    guest('taker', "mayComeAndGo: false, requires: [{ name: 'gift', cardinality: 'one', optional: true }],"),
  );
  folder.write('a.conf', text);
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  await body(broker, (next, waitsFor = DONE) => {
    folder.write('a.conf', next);
    return broker.signal('SIGHUP', waitsFor);
  });
}

type Reload = (text: string, waitsFor?: string) => Promise<string>;

test('a plugin that says it may comes and goes, and who is connected does not notice', () =>
  inRun('plugins: [auth]\n', async (broker, reload) => {
    using client = await RawClient.connect(broker.port);
    await client.ask(`${HELLO}SUB a 1\r\n`, 'PONG\r\n');
    const came = await reload('plugins: [auth, "./guest.mjs"]\nguest: hello\n');
    assert.match(came, /guest is here\n[\s\S]*guest hears hello\n/);
    const beside = await reload('plugins: [auth, {use: "./guest.mjs", with: "good day"}]\n');
    assert.match(beside, /guest hears good day\n/);
    const went = await reload('plugins: [auth]\n');
    assert.match(went, /guest is gone\n/);
    assert.match(await reload('plugins: [auth, "./guest.mjs"]\n'), /guest is here\n/);
    await client.ask('PUB a 1\r\nx\r\n', 'MSG a 1 1\r\nx\r\n');
  }));

test('metrics and message tracing may come and go', () =>
  inRun('plugins: [auth]\n', async (_broker, reload) => {
    await reload('plugins: [auth, message-trace, metrics]\nmetrics { port: -1 }\n');
    await reload('plugins: [auth]\n');
  }));

test('a plugin that does not say so is named, and nothing changes', () =>
  inRun('plugins: [auth, "./taker.mjs"]\n', async (_broker, reload) => {
    const said = await reload('plugins: [auth]\nping_max: 9\n', FAILED);
    assert.match(
      said,
      /Plugins: "taker" cannot leave while the broker runs, it has to be there from the start to the end; restart the broker\n/,
    );
    assert.not.match(said, /ping_max/);
  }));

test('a plugin that others would have to start anew with is refused, and they are named', () =>
  inRun('plugins: [auth, "./taker.mjs"]\n', async (_broker, reload) => {
    const said = await reload('plugins: [auth, "./taker.mjs", "./giver.mjs"]\n', FAILED);
    assert.match(
      said,
      /Plugins: "giver" cannot join while the broker runs, "taker" would have to start anew with it; restart the broker\n/,
    );
  }));

test('a list that says what runs already changes nothing', () =>
  inRun('plugins: [auth, message-trace]\n', async (_broker, reload) => {
    assert.not.match(await reload('plugins: [message-trace, auth]\n'), /guest|cannot/);
  }));

test('blocks that appear bring their plugins, and nobody they merely run beside', () =>
  inRun('ping_max: 3\n', async (_broker, reload) => {
    const said = await reload('ping_max: 4\n');
    assert.not.match(said, /\[WRN\]/);
  }));

test.run();
