/** Every example runs, and prints what its reader is told to expect. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compiledRoot, packageRoot } from '../runner/package-root.ts';

const SOURCES = join(packageRoot(), 'examples');

interface Example {
  args?: string[];
  prints: RegExp;
}

const EXAMPLES: Record<string, Example> = {
  'quick-start': { prints: /^hello, world\n$/ },
  embed: {
    prints:
      /^refused:\nprot: unknown field "prot"; did you mean "port"\?\nmax_payload: expected .*\nServer is ready\nembedded takes 65536 bytes\neu\.orders\.42: a bicycle\n$/,
  },
  'embed-in-tests': { prints: /pass 2\n[\s\S]*fail 0\n/ },
  'in-process-client': { prints: /^I publish\ntherefore I am\nINFO\n$/ },
  'config-file': { args: [join(SOURCES, 'broker.conf')], prints: /^from-a-file limits messages to 32768 bytes\n$/ },
  'auth-callout-service': { prints: /^from\.ann\.news: I am in\nAuthorization Violation\n$/i },
  oidc: {
    args: [join(SOURCES, 'oidc.conf')],
    prints:
      /^orders\.f3a1\.new: a bicycle\nPermissions Violation for Publish to "orders\.someone-else\.new"\nauthorization violation.*\n$/i,
  },
  'edge-leaf': { prints: /^hub asks: 21\.5\nhub hears: mean\.vibration 0\.3\nedge asks: 21\.5\n$/ },
  'custom-plugins': {
    prints: /^\[\{"account":"\$G","connections":1,"messagesIn":2,.*\}\]\n.*authorization violation.*\n$/i,
  },
};

async function run(name: string, args: string[]): Promise<string> {
  const path = join(compiledRoot(), 'examples', `${name}.js`);
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  assert.is(exitCode, 0, `${name} ended with ${exitCode}:\n${output}${errors}`);
  return output;
}

for (const [name, { args = [], prints }] of Object.entries(EXAMPLES)) {
  test(`the example ${name} does what it shows`, async () => {
    assert.match(await run(name, args), prints);
  });
}

test('no example is left out', () => {
  const programs = readdirSync(SOURCES).filter((name) => name.endsWith('.ts'));
  assert.equal(programs.map((name) => name.slice(0, -3)).sort(), Object.keys(EXAMPLES).sort());
});

test.run();
