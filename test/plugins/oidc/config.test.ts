/** Mistakes in the block, each with what the operator is told. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compose } from '../../../bin/compose.ts';
import type { ConfigurationError } from '../../../bin/configuration.ts';
import { plugin } from '../../../plugins/oidc/index.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { startPlugin } from '../../kits/plugin-kit.ts';
import { signingKey, token } from './identity-provider.ts';
import { block, OidcBench } from './oidc-bench.ts';

const KEY = await signingKey('ES256', 'k');
const FILES = { k: JSON.stringify({ keys: [KEY.jwk] }) };

/** Errors, without the place; empty when there are none. */
async function mistakes(text: string): Promise<string[]> {
  try {
    await compose({ text, path: 'x.conf', ports: createFakePorts(), hasPort: false });
    return [];
  } catch (error) {
    return (error as ConfigurationError).problems.map((problem) => problem.text);
  }
}

const GOOD = 'issuer: "i", audience: a, jwks { file: k }, account: A';
const noJwks = (jwks: string): string => `oidc { issuer: "i", audience: a, account: A, jwks { ${jwks} } }`;

const MISTAKES: [text: string, mistake: RegExp][] = [
  ['oidc {}', /a provider needs its issuer/],
  ['oidc { issuer: "i", jwks { file: k }, account: A }', /a provider needs an audience/],
  ['oidc { issuer: "i", audience: a, account: A }', /a provider needs jwks/],
  ['oidc { issuer: "i", audience: a, jwks { file: k } }', /nothing says which account/],
  ['oidc { providers: [] }', /providers needs one or more/],
  [`oidc { providers: [{ ${GOOD} }, { ${GOOD} }] }`, /there is another provider with the issuer "i"/],
  [`oidc { audience: a, providers: [{ ${GOOD} }] }`, /"audience" belongs into a provider/],
  [`oidc { ${GOOD}, isuer: x }`, /unknown field "isuer"; did you mean "issuer"\?/],
  [`oidc { ${GOOD}, algorithms: [HS256] }`, /algorithms has "HS256", which is none of RS256/],
  [`oidc { ${GOOD}, algorithms: [none] }`, /algorithms has "none"/],
  [`oidc { ${GOOD}, algorithms: [] }`, /algorithms has ""/],
  [`oidc { ${GOOD}, clock_skew: "5m1s" }`, /clock_skew has to be from 0s to 5m/],
  [`oidc { ${GOOD}, clock_skew: "-1s" }`, /clock_skew has to be from 0s to 5m/],
  [`oidc { ${GOOD}, max_token_age: "-1s" }`, /max_token_age cannot be negative/],
  [`oidc { ${GOOD}, account_claim: t, accounts: [A] }`, /"account" and "account_claim" exclude each other/],
  ['oidc { issuer: "i", audience: a, jwks { file: k }, account_claim: t }', /"account_claim" needs "accounts"/],
  [`oidc { ${GOOD}, user_claim: "a..b" }`, /"a..b" is no claim/],
  [`oidc { ${GOOD}, user_claim: "" }`, /"" is no claim/],
  [`oidc { ${GOOD}, user_claim: ".a" }`, /".a" is no claim/],
  [`oidc { ${GOOD}, user_claim: "a." }`, /"a." is no claim/],
  [`oidc { ${GOOD}, connection_types: [CARRIER_PIGEON] }`, /"CARRIER_PIGEON" is no type of connection: STANDARD/],
  [`oidc { ${GOOD}, rules: [] }`, /rules have to be an array with a rule or more/],
  [`oidc { ${GOOD}, rules: [{ when { a: [] } }] }`, /a condition needs a value/],
  [`oidc { ${GOOD}, rules: [{ when { a: 1.5 } }] }`, /a claim cannot be compared with 1.5/],
  [`oidc { ${GOOD}, rules: [{ wen { a: b } }] }`, /unknown field "wen"; did you mean "when"\?/],
  [`oidc { ${GOOD}, permissions { publish: "a..b" } }`, /subject "a..b" is not a valid subject/],
  [`oidc { ${GOOD}, permissions { publish: "u.{{sub()}}" } }`, /"u.{{sub\(\)}}" has an unknown template/],
  [`oidc { ${GOOD}, permissions { publish: "u.{{claim(sub)" } }`, /"u.{{claim\(sub\)" has half a template/],
  [`oidc { ${GOOD}, permissions { publish: "u.{{claim()}}" } }`, /has an unknown template/],
  [`oidc { ${GOOD}, permissions { publish: "u.{{claim(a..b)}}" } }`, /is not a valid subject|unknown template/],
  [`oidc { ${GOOD}, token_from: [nkey] }`, /token_from takes one or more of jwt, auth_token, pass/],
  [`oidc { ${GOOD}, token_from: [] }`, /token_from takes one or more/],
  [`oidc { ${GOOD}, max_token_size: 0 }`, /max_token_size value 0 is too small/],
  [`oidc { ${GOOD}, max_token_size: 1048577 }`, /max_token_size value is too big/],
  [`oidc { ${GOOD}, max_pending_logins: 0 }`, /max_pending_logins value 0 is too small/],
  [noJwks(''), /jwks needs a url or a file, and not both/],
  [noJwks('file: k, url: "https://x/"'), /jwks needs a url or a file, and not both/],
  [noJwks('url: "http://id.example/keys"'), /the url of jwks has to begin with https:\/\/, or/],
  [noJwks('url: "http://127.0.0.1.evil.example/keys"'), /has to begin with https/],
  [noJwks('url: "http://localhost.example/keys"'), /has to begin with https/],
  [noJwks('url: "ftp://id.example/keys"'), /the url of jwks has to begin with https:\/\/$/],
  [noJwks('url: "file:///etc/passwd"'), /the url of jwks has to begin with https:\/\/$/],
  [noJwks('url: keys'), /the url of jwks is no URL/],
  [noJwks('url: "https://me:secret@id.example/"'), /the url of jwks must not hold a password/],
  [noJwks('file: k, timeout: "0s"'), /timeout has to be within 5s/],
  [noJwks('file: k, timeout: "5001ms"'), /timeout has to be within 5s/],
  [noJwks('file: k, refresh: "999ms"'), /refresh has to be 1s or more/],
  [noJwks('file: k, retry: "999ms"'), /retry has to be 1s or more/],
  [noJwks('file: k, cooldown: "999ms"'), /cooldown has to be 1s or more/],
  [noJwks('file: k, max_age: "1m"'), /max_age of jwks has to be as long as refresh/],
  [noJwks('file: k, max_size: 1048577'), /max_size value is too big/],
  [noJwks('file: k, max_keys: 0'), /max_keys value 0 is too small/],
];

for (const [text, mistake] of MISTAKES) {
  test(`it is a mistake to write ${text}`, async () => {
    const found = await mistakes(text);
    assert.ok(
      found.some((problem) => mistake.test(problem)),
      found.join('\n') || 'nothing was found',
    );
  });
}

const SOUND = [
  `oidc { ${GOOD} }`,
  `oidc { providers: [{ ${GOOD} }], max_token_size: 4k }`,
  noJwks('url: "https://id.example/keys?x=1", timeout: "5s", refresh: "1s", max_age: "1s"'),
  noJwks('url: "http://localhost:1/keys"'),
  noJwks('url: "http://[::1]:1/keys"'),
  noJwks('url: "http://127.0.0.2:1/keys"'),
  noJwks('url: "http://id.example/keys", allow_insecure_url: true'),
  `oidc { ${GOOD}, clock_skew: "0s", algorithms: PS512, connection_types: [standard, IN_PROCESS] }`,
];

for (const text of SOUND) {
  test(`it is right to write ${text}`, async () => assert.equal(await mistakes(text), []));
}

test('all mistakes are told at once, each with its place', async () => {
  const text =
    'oidc {\n  providers: [\n    { issuer: a, audience: b, account: A }\n    { audience: b, account: A, jwks { file: k } }\n  ]\n}';
  try {
    await compose({ text, path: 'x.conf', ports: createFakePorts() });
    assert.unreachable();
  } catch (error) {
    const lines = (error as ConfigurationError).problems.map(({ line }) => line);
    assert.equal(lines, [3, 4]);
  }
});

test('the block turns on its plugin, and "auth" beside it, and makes clients log in', async () => {
  const bench = await OidcBench.start(block('file: k'), FILES);
  assert.is((await bench.info()).auth_required, true);
  assert.match(await bench.answer({}), /Authorization Violation/);
  await bench.close();
});

test('a list of plugins without "auth" starts no broker: nobody would be kept out', async () => {
  const start = OidcBench.start(`plugins: [oidc]\n${block('file: k')}`, FILES);
  assert.match(
    await start.then(
      () => '',
      (error: Error) => error.message,
    ),
    /nobody asks "oidc" who clients are; add "auth"/,
  );
});

test('a list of plugins without "oidc" is refused where there is the block', async () => {
  assert.match((await mistakes(`plugins: [auth]\n${block('file: k')}`)).join(), /"oidc" has no effect: .*add "oidc"/);
});

test('without the block the plugin is idle, and leaves nothing behind', async () => {
  const bench = await startPlugin(plugin);
  assert.equal(bench.log, []);
  await bench.close();
});

test('two providers are told apart by their issuers', async () => {
  const other = await signingKey('ES256', 'k');
  const provider = (issuer: string, file: string, account: string): string =>
    `{ issuer: "${issuer}", audience: nats, jwks { file: ${file} }, account: ${account} }`;
  const text = `oidc { providers: [${provider('a', 'k', 'APP')}, ${provider('b', 'l', 'OPS')}] }\naccounts { APP {}, OPS {} }`;
  const bench = await OidcBench.start(text, { ...FILES, l: JSON.stringify({ keys: [other.jwk] }) });
  await bench.loggedIn({ auth_token: await token(KEY, { claims: { iss: 'a' } }) });
  await bench.loggedIn({ auth_token: await token(other, { claims: { iss: 'b' } }) });
  const accounts = [...bench.server.broker.connections.values()].map(({ account }) => account.name);
  assert.equal(accounts.sort(), ['APP', 'OPS']);
  assert.match(await bench.answer({ auth_token: await token(other, { claims: { iss: 'a' } }) }), /Violation/);
  assert.match(bench.lastRefusal, /token of "a" .*: its signature is wrong$/);
  await bench.close();
});

test.run();
