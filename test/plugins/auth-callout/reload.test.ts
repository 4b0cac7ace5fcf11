import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { until, WELCOME } from '../auth/auth-bench.ts';
import { answerWith, configured, ServiceKeys, userToken } from './callout-service.ts';
import { admission, asRequest, requestsIn, WireBench } from './wire-service.ts';

const keys = new ServiceKeys();

async function refusal(bench: WireBench, text: string): Promise<string> {
  return bench.bench.reload(text).then(
    () => '',
    ({ message }: Error) => message,
  );
}

test('the block cannot be changed, added or removed while the broker runs', async () => {
  const other = new ServiceKeys();
  const bench = await WireBench.start(configured(keys.block()));
  const shown = ({ issuer }: ServiceKeys): string => `&{${issuer.getPublicKey()} AUTH [service]  []}`;
  const refused = 'config reload not supported for AuthCallout: ';
  for (const [after, texts] of [
    [configured(other.block()), `old=${shown(keys)}, new=${shown(other)}`],
    [configured(''), `old=${shown(keys)}, new=<nil>`],
    [configured(keys.block('max_pending: 7')), `old=${shown(keys)}, new=&{${keys.issuer.getPublicKey()} AUTH`],
  ] as const) {
    assert.ok((await refusal(bench, after)).includes(refused + texts), await refusal(bench, after));
  }
  await bench.close();
  const without = await WireBench.start(configured(''));
  const added = await refusal(without, configured(keys.block()));
  assert.ok(added.includes(`${refused}old=<nil>, new=${shown(keys)}`), added);
  await without.close();
});

test('a reload of other things asks nobody again whom the service let in', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { client, request } = await bench.ask({ user: 'joe' });
  bench.answer(request, await admission(request, keys));
  assert.is(await bench.bench.reply(client), WELCOME);
  bench.service.clear();
  await bench.bench.reload(configured(`timeout: 5, ${keys.block()}`));
  assert.is(await bench.bench.say(client, ''), WELCOME);
  assert.equal(requestsIn(bench.service), []);
  await bench.close();
});

test('new default permissions of an account hold for those who have no others, and for them only', async () => {
  const text = (subject: string): string =>
    configured(keys.block()).replace('APP {', `APP { default_permissions { publish: "${subject}" },`);
  const bench = await WireBench.start(text('one'));
  const plain = await bench.ask({ user: 'plain' });
  bench.answer(plain.request, await admission(plain.request, keys));
  assert.is(await bench.bench.reply(plain.client), WELCOME);
  const own = await bench.ask({ user: 'own' });
  bench.answer(own.request, await admission(own.request, keys, { pub: { allow: ['own'], deny: [] } }));
  assert.is(await bench.bench.reply(own.client), WELCOME);
  assert.is(await bench.bench.say(plain.client, 'PUB one 0\r\n\r\n'), WELCOME);
  for (const subject of ['two', 'three']) {
    await bench.bench.reload(text(subject));
    assert.match(await bench.bench.say(plain.client, 'PUB one 0\r\n\r\n'), /Publish to "one"/);
    assert.is(await bench.bench.say(plain.client, `PUB ${subject} 0\r\n\r\n`), WELCOME);
    assert.is(await bench.bench.say(own.client, 'PUB own 0\r\n\r\n'), WELCOME);
  }
  await bench.close();
});

test('whom the service put into its own account cannot pass for the server after a reload either', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { client, request } = await bench.ask({ user: 'joe' });
  const asked = asRequest(request);
  const jwt = await userToken(asked, keys.issuer, {}, { aud: 'AUTH' });
  bench.answer(request, await answerWith(asked, keys.issuer, { jwt }));
  assert.is(await bench.bench.reply(client), WELCOME);
  await bench.bench.reload(configured(`timeout: 5, ${keys.block()}`));
  const violation = /Permissions Violation for Publish to "\$SYS\.REQ\.USER\.AUTH"/;
  assert.match(await bench.bench.say(client, 'PUB $SYS.REQ.USER.AUTH 0\r\n\r\n'), violation);
  await bench.close();
});

test('who runs the service stays what it may do, and is found to be gone when it is', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  await bench.bench.reload(configured(`timeout: 5, ${keys.block()}`));
  const violation = /Permissions Violation for Publish to "\$SYS\.REQ\.USER\.AUTH"/;
  assert.match(await bench.bench.say(bench.service, 'PUB $SYS.REQ.USER.AUTH 0\r\n\r\n'), violation);
  await bench.bench.reload(configured(keys.block()).replace('{user: service, password: service}, ', ''));
  await until(() => bench.service.isEnded || bench.service.isDestroyed);
  assert.not.match(bench.service.text, /ERR/);
  await bench.close();
});

test('a client that is being asked about while the configuration changes is asked about by the new one', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { client, request } = await bench.ask({ user: 'joe' });
  bench.service.clear();
  await bench.bench.reload(configured(`timeout: 5, ${keys.block()}`));
  bench.answer(request, await admission(request, keys));
  await until(() => requestsIn(bench.service).length > 0);
  const again = requestsIn(bench.service)[0]!;
  bench.answer(again, await admission(again, keys));
  assert.is(await bench.bench.reply(client), WELCOME);
  assert.is(await bench.bench.answer({ user: 'service', pass: 'service' }), WELCOME);
  await bench.close();
});

test.run();
