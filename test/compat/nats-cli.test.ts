/** The genuine `nats` command line tool, where it is on PATH. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../bin/testing.ts';
import { skip } from '../runner/skip.ts';

const run = promisify(execFile);
const home = mkdtempSync(join(tmpdir(), 'gnatlet-nats-cli-'));
const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home };

function isOnPath(): boolean {
  try {
    execFileSync('nats', ['--version'], { stdio: 'ignore', env });
    return true;
  } catch {
    return false;
  }
}

/** Newer tools have a command for each kind of client. */
function benchWords(): string[] {
  const help = execFileSync('nats', ['bench', '--help'], { env, encoding: 'utf8' });
  return /bench pub/.test(help) ? ['pub', 'foo', '--clients', '1'] : ['foo', '--pub', '1', '--sub', '1'];
}

const start = (url: string, words: string[]): ChildProcess => spawn('nats', ['-s', url, ...words], { env });

async function answer(url: string, words: string[]): Promise<string> {
  const { stdout, stderr } = await run('nats', ['-s', url, ...words], { env });
  return stdout + stderr;
}

test.after(() => rmSync(home, { recursive: true, force: true }));

if (!isOnPath()) skip('no nats on PATH');
else {
  test('nats pub is heard by nats sub, headers included', async () => {
    await using broker = await testBroker();
    const listener = start(broker.url, ['sub', 'news.>', '--count', '2']);
    const heard = text(listener.stdout!);
    await broker.subscribed('news.today');
    await answer(broker.url, ['pub', 'news.today', 'line {{Count}}', '--count', '2', '-H', 'Kind:test']);
    assert.match(await heard, /Kind: test\s+line 1[\s\S]*Kind: test\s+line 2/);
  });

  test('nats req is answered by nats reply, and told when nobody is there to answer', async () => {
    await using broker = await testBroker();
    const service = start(broker.url, ['reply', 'help.*', 'you said {{Request}}']);
    await broker.subscribed('help.me');
    assert.match(await answer(broker.url, ['req', 'help.me', 'please']), /you said please/);
    service.kill();
    assert.match(await answer(broker.url, ['req', 'nobody', 'x']), /No responders/);
  });

  test('nats rtt, server check connection and bench succeed', async () => {
    await using broker = await testBroker();
    assert.match(await answer(broker.url, ['rtt']), /127\.0\.0\.1/);
    assert.match(await answer(broker.url, ['server', 'check', 'connection']), /OK/);
    const sizes = ['--msgs', '20000', '--size', '16', '--no-progress'];
    assert.match(await answer(broker.url, ['bench', ...benchWords(), ...sizes]), /msgs\/sec/);
  });
}

test.run();
