import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../../kernel/config/grammar/parse.ts';
import type { ConfigNode } from '../../../kernel/plugin-api.ts';
import { systemDisk } from '../../../kernel/ports/system-disk.ts';
import { plugin } from '../../../plugins/resolver-url/index.ts';
import { readTlsBlock } from '../../../plugins/tls/block.ts';
import { loadSettings } from '../../../plugins/tls/settings.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { ResolverBench, resolverOptions } from '../resolver-directory/resolver-host.ts';
import { madeUpKey, TestOperator } from '../resolver-directory/tokens.ts';
import { type AccountWeb, SILENCE, startWeb, status } from './account-web.ts';

const operator = new TestOperator();
const a = await operator.account('A');

function urlOf(web: AccountWeb, scheme = 'http', user = ''): string {
  return `${scheme}://${user}127.0.0.1:${web.port}/a/`;
}

function open(url: string): Promise<ResolverBench> {
  return ResolverBench.open(plugin, resolverOptions('url', { url }), operator.keys);
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}

async function withWeb(use: (web: AccountWeb) => Promise<void>): Promise<void> {
  const web = await startWeb();
  try {
    await use(web);
  } finally {
    await web.close();
  }
}

test('a token is what the server has under the key', () =>
  withWeb(async (web) => {
    web.answer = status(200, a.token);
    for (const url of [urlOf(web), urlOf(web).slice(0, -1)]) {
      const bench = await open(url);
      assert.is(await bench.resolver.fetch(a.key), a.token);
      assert.is(web.requests.at(-1)!.url, `/a/${a.key}`);
      await bench.close();
    }
  }));

test('user and password of the URL are sent, and the password is never shown', () =>
  withWeb(async (web) => {
    const bench = await open(urlOf(web, 'http', 'bob:secret@'));
    const shown = urlOf(web, 'http', 'bob:xxxxx@');
    assert.is(await failureOf(bench.resolver.fetch(a.key)), `could not fetch <"${shown}${a.key}">: 404 Not Found`);
    assert.is(web.requests.at(-1)!.headers.authorization, `Basic ${Buffer.from('bob:secret').toString('base64')}`);
    await bench.close();
  }));

test('without a server that answers there is no start', () =>
  withWeb(async (web) => {
    web.base = status(404);
    const url = urlOf(web);
    assert.is(await failureOf(open(url)), `could not fetch <"${url}">: 404 Not Found`);
    await web.close();
    const refused = `could not fetch <"${url}">: Get "${url}": dial tcp 127.0.0.1:${web.port}: connect: connection refused`;
    assert.is(await failureOf(open(url)), refused);
    assert.is(
      await failureOf(open('ftp://x/')),
      'could not fetch <"ftp://x/">: Get "ftp://x/": unsupported protocol scheme "ftp"',
    );
  }));

for (const [what, begin] of [
  ['its time', () => {}],
  ['its time with the body', (response: ServerResponse) => void response.writeHead(200).write('ey')],
] as const) {
  test(`a server that takes ${what} is given 1.9 seconds`, () => withWeb((web) => checkPatience(web, begin)));
}

async function checkPatience(web: AccountWeb, begin: (response: ServerResponse) => void): Promise<void> {
  const bench = await open(urlOf(web));
  const asked = new Promise<void>((resolve) => {
    web.answer = (_request, response) => {
      begin(response);
      resolve();
    };
  });
  const fetching = failureOf(bench.resolver.fetch(a.key));
  await asked;
  await bench.ports.clock.advance(1899);
  assert.is(bench.ports.clock.pending, 1);
  await bench.ports.clock.advance(1);
  const url = urlOf(web) + a.key;
  const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  assert.is(await fetching, `could not fetch <"${url}">: Get "${url}": ${late}`);
  await bench.close();
}

test('one mebibyte is taken, and not a byte more', () =>
  withWeb(async (web) => {
    const bench = await open(urlOf(web));
    web.answer = status(200, 'x'.repeat(1_048_576));
    assert.is((await bench.resolver.fetch(a.key))!.length, 1_048_576);
    web.answer = status(200, 'x'.repeat(1_048_577));
    assert.match(await failureOf(bench.resolver.fetch(a.key)), /the answer has more than 1048576 bytes$/);
    await bench.close();
  }));

test('every answer but 200 is told', () =>
  withWeb(async (web) => {
    const bench = await open(urlOf(web));
    for (const [code, text] of [
      [500, '500 Internal Server Error'],
      [204, '204 No Content'],
      [304, '304 Not Modified'],
      [302, '302 Found'],
    ] as const) {
      web.answer = status(code);
      assert.is(await failureOf(bench.resolver.fetch(a.key)), `could not fetch <"${urlOf(web)}${a.key}">: ${text}`);
    }
    web.answer = (_request, response) => void response.socket!.end('garbage\r\n\r\n');
    assert.match(await failureOf(bench.resolver.fetch(a.key)), /^could not fetch <".*">: Get ".*": Parse Error/);
    web.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('x', () => response.socket!.destroy());
    };
    assert.match(await failureOf(bench.resolver.fetch(a.key)), /^could not fetch <".*">: Get ".*": aborted$/);
    await bench.close();
  }));

test('ten redirects are followed', () =>
  withWeb(async (web) => {
    const bench = await open(urlOf(web));
    let left = 10;
    web.answer = (request, response) =>
      left-- > 0
        ? status(302, '', { location: `/a/${a.key}?${left}` })(request, response)
        : status(200, a.token)(request, response);
    assert.is(await bench.resolver.fetch(a.key), a.token);
    left = 11;
    assert.match(await failureOf(bench.resolver.fetch(a.key)), /stopped after 10 redirects$/);
    web.answer = status(302, '', { location: 'file:///etc/passwd' });
    assert.match(await failureOf(bench.resolver.fetch(a.key)), /unsupported protocol scheme "file"$/);
    web.answer = status(302, '', { location: 'http://[' });
    assert.match(await failureOf(bench.resolver.fetch(a.key)), /redirected to something that is no URL$/);
    await bench.close();
  }));

test('a redirect to another host takes no password along', () =>
  withWeb(async (web) =>
    withWeb(async (other) => {
      const bench = await open(urlOf(web, 'http', 'bob:secret@'));
      web.answer = status(302, '', { location: urlOf(other) + a.key });
      other.answer = status(200, a.token);
      assert.is(await bench.resolver.fetch(a.key), a.token);
      assert.is(other.requests[0]!.headers.authorization, undefined);
      await bench.close();
    }),
  ));

test('names that are no keys of accounts are not asked for', () =>
  withWeb(async (web) => {
    const bench = await open(urlOf(web));
    for (const name of ['', '..', '../x', `${a.key}/..`, 'http://x/', a.key.slice(0, -1)]) {
      assert.is(await bench.resolver.fetch(name), null);
    }
    assert.is(web.requests.length, 1);
    await bench.close();
  }));

test('those who ask for the same account share an answer, and 1000 accounts may be asked for', () =>
  withWeb(async (web) => {
    const bench = await open(urlOf(web));
    web.answer = SILENCE;
    const keys = Array.from({ length: 1001 }, (_, at) => madeUpKey(at));
    const waiting = keys.slice(0, 1000).map((key) => failureOf(bench.resolver.fetch(key)));
    assert.is(await failureOf(bench.resolver.fetch(keys[1000]!)), '1000 accounts are being fetched already');
    const same = failureOf(bench.resolver.fetch(keys[0]!));
    await bench.close();
    for (const failure of await Promise.all([same, ...waiting])) assert.match(failure, /: the broker closes$/);
  }));

test('accounts in use take tokens that are pushed', () =>
  withWeb(async (web) => {
    const bench = await open(urlOf(web));
    bench.host.active.add(a.key);
    assert.is(await bench.change(`$SYS.REQ.ACCOUNT.${a.key}.CLAIMS.UPDATE`, a.token), `${a.key}: jwt updated`);
    assert.is(bench.host.applied.get(a.key), a.token);
    await bench.close();
  }));

function tlsBlock(text: string): ConfigNode {
  const sources = { readFile: () => '', environment: {} };
  const { root } = parseConfig(`x ${text.replaceAll('@', `${TLS_FIXTURES}/`)}`, 'x.conf', sources);
  return root.value.get('x')!.value;
}

async function openSecure(url: string, block: string, hasTls = true): Promise<ResolverBench> {
  const ports = createFakePorts();
  for (const name of ['ca.pem', 'client.pem', 'client-key.pem', 'stranger.pem', 'stranger-key.pem']) {
    const path = join(TLS_FIXTURES, name);
    ports.disk.files.set(path, readFileSync(path));
  }
  const contexts = { readBlock: readTlsBlock, load: (options: never) => loadSettings(options, systemDisk()) };
  const capabilities = hasTls ? { 'tls.contexts': contexts } : {};
  const options = resolverOptions('url', { url, tls: tlsBlock(block) });
  return ResolverBench.open(plugin, options, operator.keys, { ports, capabilities });
}

test('TLS trusts the authorities of resolver_tls, and shows its certificate', async () => {
  const web = await startWeb({ certificate: 'server.pem', key: 'server-key.pem', asksForCertificate: true });
  web.answer = status(200, a.token);
  const url = urlOf(web, 'https');
  const own = 'cert_file: "@client.pem", key_file: "@client-key.pem"';
  const bench = await openSecure(url, `{ca_file: "@ca.pem", ${own}}`);
  assert.is(await bench.resolver.fetch(a.key), a.token);
  web.answer = status(302, '', { location: urlOf(web) });
  assert.match(await failureOf(bench.resolver.fetch(a.key)), /redirected from https to plain text$/);
  await bench.close();
  assert.match(await failureOf(openSecure(url, `{${own}}`)), /^could not fetch <".*">: Get ".*": .*certificate/);
  assert.match(await failureOf(openSecure(url, '{ca_file: "@ca.pem"}')), /^could not fetch <".*">: Get ".*": /);
  const trusting = await openSecure(url, `{insecure: true, ${own}}`);
  await trusting.close();
  await web.close();
});

test('resolver_tls says what is wrong with it, or that the plugin for it is missing', async () => {
  const url = 'https://127.0.0.1:1/';
  assert.match(await failureOf(openSecure(url, '{ca_file: "@nothing.pem"}')), /nothing\.pem/);
  assert.match(await failureOf(openSecure(url, '{nonsense: 1}')), /x\.conf:1:\d+: .*nonsense/);
  assert.match(await failureOf(openSecure(url, '{}', false)), /resolver_tls needs the plugin "tls"/);
});

test.run();
