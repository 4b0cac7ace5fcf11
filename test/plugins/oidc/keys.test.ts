/** Where keys come from, how long they count, and what happens while they cannot be had. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { certificate } from '../../fixtures/tls/certificates.ts';
import { settle } from '../../kits/fake-ports.ts';
import { connectLine, REFUSED, until, WELCOME } from '../auth/auth-bench.ts';
import { type Answer, IdentityProvider, signingKey, token } from './identity-provider.ts';
import { block, OidcBench } from './oidc-bench.ts';

const OLD = await signingKey('ES256', 'old');
const NEW = await signingKey('ES256', 'new');
const OLD_TOKEN = await token(OLD);
const NEW_TOKEN = await token(NEW);
const SECOND = 1000;

/** With a provider, and a broker that asks it. */
async function withProvider(
  more: string,
  use: (bench: OidcBench, provider: IdentityProvider) => Promise<void>,
  answer: Answer | null = null,
): Promise<void> {
  const provider = await IdentityProvider.start(OLD);
  provider.answer = answer;
  try {
    const bench = await OidcBench.start(block(`url: "${provider.url}" ${more}`));
    await use(bench, provider).finally(() => bench.close());
  } finally {
    await provider.close();
  }
}

/** Lets the clock run, and waits until a load that is due has come to its end. */
async function advance(bench: OidcBench, milliseconds: number): Promise<void> {
  const before = loadsIn(bench);
  await bench.ports.clock.advance(milliseconds);
  await until(() => loadsIn(bench) > before && !bench.isLoading);
}

function loadsIn(bench: OidcBench): number {
  return bench.figure('key_loads');
}

const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code, headers).end(body);

test('keys are fetched once, before anybody logs in', async () => {
  await withProvider('', async (bench, provider) => {
    assert.is(provider.requests.length, 1);
    for (let times = 0; times < 3; times++) assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME);
    assert.is(provider.requests.length, 1);
    assert.ok(bench.log.some((line) => line.startsWith('info') && line.endsWith(`${provider.url}: keys "old"`)));
  });
});

test('a token with a new key has the keys fetched, once within the cooldown', async () => {
  await withProvider('', async (bench, provider) => {
    provider.keys.push(NEW);
    assert.is(await bench.answer({ auth_token: NEW_TOKEN }), REFUSED, 'fetched a moment ago');
    assert.is(bench.figure('cooled_down'), 1);
    await bench.ports.clock.advance(30 * SECOND);
    assert.is(await bench.answer({ auth_token: NEW_TOKEN }), WELCOME);
    assert.is(provider.requests.length, 2);
    const unknown = await token(NEW, { header: { kid: 'made-up' } });
    for (let times = 0; times < 10; times++) assert.is(await bench.answer({ auth_token: unknown }), REFUSED);
    assert.is(provider.requests.length, 2);
    assert.is(bench.figure('cooled_down'), 11);
  });
});

test('many who come with a new key at once cause one fetch', async () => {
  await withProvider('', async (bench, provider) => {
    provider.keys.push(NEW);
    await bench.ports.clock.advance(30 * SECOND);
    const answers = await Promise.all(Array.from({ length: 20 }, () => bench.answer({ auth_token: NEW_TOKEN })));
    assert.equal([...new Set(answers)], [WELCOME]);
    assert.is(provider.requests.length, 2);
  });
});

test('keys are fetched again from time to time, and one that is gone counts no longer', async () => {
  await withProvider(', refresh: "1m"', async (bench, provider) => {
    provider.keys.splice(0, 1, NEW);
    assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME);
    await advance(bench, 60 * SECOND);
    assert.is(await bench.answer({ auth_token: NEW_TOKEN }), WELCOME);
    assert.is(await bench.answer({ auth_token: OLD_TOKEN }), REFUSED);
  });
});

const FAILURES: [name: string, answer: Answer, reason: string][] = [
  ['an error', status(500), 'answered 500'],
  ['a redirect', status(302, '', { location: '/keys' }), 'answered 302, a redirect, which is not followed'],
  ['garbage', status(200, '<html>'), 'is no JSON'],
  ['null', status(200, 'null'), 'is no key set: it has no array "keys"'],
  ['no list', status(200, '{"keys": {}}'), 'is no key set: it has no array "keys"'],
  ['no key', status(200, '{"keys": [1, null, {}, "x"]}'), 'has no key that can check signatures'],
  ['a shared secret', status(200, '{"keys": [{"kty": "oct", "k": "AA"}]}'), 'has no key that can check signatures'],
  ['a key to encrypt', status(200, JSON.stringify({ keys: [{ ...OLD.jwk, use: 'enc' }] })), 'has no key that can'],
  ['an endless answer', (_request, response) => endless(response), 'has more bytes than "max_size" allows (262144)'],
  ['no answer but the end', (request) => request.socket.destroy(), 'could not be asked: '],
];

function endless(response: Parameters<Answer>[1]): void {
  const piece = Buffer.alloc(65_536, ' ');
  const more = (): void => {
    if (response.destroyed) return;
    response.write(piece, more);
  };
  more();
}

for (const [name, answer, reason] of FAILURES) {
  test(`a provider that answers with ${name} keeps nobody from starting, and is asked again`, async () => {
    await withProvider(
      '',
      async (bench, provider) => {
        const warning = bench.log.find((line) => line.startsWith('warn') && line.includes(provider.url)) ?? '';
        assert.ok(warning.includes(reason), bench.log.join('\n'));
        assert.ok(warning.endsWith('tokens are refused until it does'), warning);
        assert.is(await bench.answer({ auth_token: OLD_TOKEN }), REFUSED);
        assert.match(bench.lastRefusal, /alg "ES256"\): there are no keys yet: http/);
        assert.is(bench.figure('without_keys'), 1);
        provider.answer = null;
        await advance(bench, 5 * SECOND);
        assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME);
      },
      answer,
    );
  });
}

test('a private key in the set is used as the public key it holds', async () => {
  const { exportJWK } = await import('jose');
  const whole = { ...(await exportJWK(OLD.privateKey)), kid: 'old' };
  await withProvider(
    '',
    async (bench) => assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME),
    status(200, JSON.stringify({ keys: [whole] })),
  );
});

test('a provider that does not answer is given up, and a login waits no longer than that', async () => {
  const provider = await IdentityProvider.start(OLD);
  provider.answer = () => {};
  const starting = OidcBench.begin(block(`url: "${provider.url}", timeout: "1s"`));
  await until(() => provider.requests.length === 1);
  await starting.clock.advance(SECOND);
  const bench = await starting.bench;
  assert.ok(
    bench.log.some((line) => line.includes('did not answer within 1000 ms')),
    bench.log.join('\n'),
  );
  await bench.ports.clock.advance(5 * SECOND);
  await until(() => provider.requests.length === 2);
  const wire = await bench.client();
  wire.clear();
  wire.input(`${connectLine({ auth_token: OLD_TOKEN })}PING\r\n`);
  await settle();
  assert.not.ok(wire.isEnded, 'it waits with the others');
  await bench.ports.clock.advance(SECOND);
  assert.is(await bench.reply(wire), REFUSED);
  await bench.close();
  await provider.close();
});

test('a provider that begins to answer and stops is given up too', async () => {
  const provider = await IdentityProvider.start(OLD);
  provider.answer = (_request, response) => void response.write('{"keys": [');
  const starting = OidcBench.begin(block(`url: "${provider.url}", timeout: "1s"`));
  await until(() => provider.requests.length === 1);
  await starting.clock.advance(SECOND);
  const bench = await starting.bench;
  assert.ok(
    bench.log.some((line) => line.includes('did not answer within 1000 ms')),
    bench.log.join('\n'),
  );
  await bench.close();
  await provider.close();
});

test('the last keys count while the provider is down, up to an age', async () => {
  await withProvider(', refresh: "1m", max_age: "3m"', async (bench, provider) => {
    provider.answer = status(503);
    await advance(bench, 60 * SECOND);
    await until(() => bench.log.some((line) => line.endsWith('answered 503; the last keys count until "max_age"')));
    assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME);
    while (bench.ports.clock.monotonic() < 180 * SECOND) await advance(bench, 5 * SECOND);
    assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME, 'at the age');
    await advance(bench, 5 * SECOND);
    assert.is(await bench.answer({ auth_token: OLD_TOKEN }), REFUSED, 'beyond it');
    assert.match(bench.lastRefusal, /: the keys are older than "max_age": http.* answered 503$/);
    assert.is(bench.log.filter((line) => line.includes('answered 503;')).length, 1, 'it is said once');
    provider.answer = null;
    await advance(bench, 5 * SECOND);
    await until(() => bench.log.at(-1)!.endsWith('answers again'));
    assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME);
  });
});

test('as many keys and bytes as are allowed are taken, one more is not', async () => {
  const set = JSON.stringify({ keys: [OLD.jwk, NEW.jwk] });
  for (const [more, isTaken] of [
    ['max_keys: 2', true],
    ['max_keys: 1', false],
    [`max_size: ${set.length}`, true],
    [`max_size: ${set.length - 1}`, false],
  ] as const) {
    const file = await OidcBench.start(block(`file: "k", ${more}`), { k: set });
    assert.is(await file.answer({ auth_token: OLD_TOKEN }), isTaken ? WELCOME : REFUSED, more);
    await file.close();
    const served = async (bench: OidcBench): Promise<void> =>
      assert.is(await bench.answer({ auth_token: OLD_TOKEN }), isTaken ? WELCOME : REFUSED, more);
    await withProvider(`, ${more}`, served, status(200, set));
  }
});

test('a provider has to prove who it is, to those one trusts', async () => {
  const provider = await IdentityProvider.startSecure(OLD);
  const trusted = certificate('server').ca.toString();
  for (const [more, answer] of [
    ['ca_file: "ca.pem"', WELCOME],
    ['', REFUSED],
    ['ca_file: "none.pem"', REFUSED],
    ['allow_insecure_url: true', REFUSED],
  ] as const) {
    const bench = await OidcBench.start(block(`url: "${provider.url}", ${more}`), { 'ca.pem': trusted });
    assert.is(await bench.answer({ auth_token: OLD_TOKEN }), answer, more);
    await bench.close();
  }
  await provider.close();
});

test('a file that is not there keeps nobody from starting, and counts once it is', async () => {
  const bench = await OidcBench.start(block('file: "keys.json"'));
  assert.ok(bench.log.some((line) => /^warn .*keys.json could not be read: no such file/.test(line)));
  await bench.ports.disk.writeFile('keys.json', JSON.stringify({ keys: [OLD.jwk] }));
  await advance(bench, 5 * SECOND);
  assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME);
  await bench.close();
});

test('as many logins as are allowed may be under way, more are turned away', async () => {
  const provider = await IdentityProvider.start(OLD);
  const bench = await OidcBench.start(block(`url: "${provider.url}"`, 'account: APP, max_pending_logins: 2'));
  await bench.ports.clock.advance(30 * SECOND);
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  provider.answer = (_request, response) => void released.then(() => response.end(provider.keySet()));
  provider.keys.push(NEW);
  const waiting = [bench.answer({ auth_token: NEW_TOKEN }), bench.answer({ auth_token: NEW_TOKEN })];
  await until(() => provider.requests.length === 2);
  await settle();
  assert.is(await bench.answer({ auth_token: OLD_TOKEN }), REFUSED);
  assert.match(bench.lastRefusal, /: 2 logins are under way already, by "max_pending_logins"$/);
  assert.is(bench.figure('turned_away'), 1);
  release();
  assert.equal(await Promise.all(waiting), [WELCOME, WELCOME]);
  assert.is(await bench.answer({ auth_token: OLD_TOKEN }), WELCOME);
  await bench.close();
  await provider.close();
});

test('a broker that is closed while it asks leaves nothing behind', async () => {
  const provider = await IdentityProvider.start(OLD);
  const bench = await OidcBench.start(block(`url: "${provider.url}"`));
  provider.answer = () => {};
  await bench.ports.clock.advance(300 * SECOND);
  await until(() => provider.requests.length === 2);
  await bench.close();
  await until(() => bench.ports.clock.pending === 0);
  assert.not.ok(
    bench.log.some((line) => line.startsWith('warn') && line.includes('/keys')),
    bench.log.join('\n'),
  );
  await provider.close();
});

test.run();
