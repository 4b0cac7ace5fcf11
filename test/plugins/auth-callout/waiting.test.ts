/** How long clients wait, how many may, and whose answer counts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectLine, REFUSED, until, WELCOME } from '../auth/auth-bench.ts';
import { answerWith, configured, ServiceKeys } from './callout-service.ts';
import { admission, asRequest, claimsIn, requestsIn, WireBench, type WireRequest } from './wire-service.ts';

const keys = new ServiceKeys();
const goodAnswer = (request: WireRequest): Promise<string> => admission(request, keys);
const LATE = 'Authorization callout response not received in time on account "AUTH"';

test('a client waits as long as it may take to log in, and no longer', async () => {
  const bench = await WireBench.start(configured(`timeout: 7, ${keys.block()}`));
  const { client, request } = await bench.ask({ user: 'joe' });
  await bench.bench.ports.clock.advance(6_999);
  assert.not.ok(client.isEnded);
  assert.is(bench.pending, 1);
  await bench.bench.ports.clock.advance(1);
  assert.is(await bench.bench.reply(client), REFUSED);
  assert.equal(bench.warnings, [LATE]);
  assert.is(bench.pending, 0);
  bench.answer(request, await goodAnswer(request));
  await bench.bench.ports.clock.advance(10_000);
  assert.ok(bench.bench.log.some((line) => line.includes('came too late, or twice')));
  await bench.close();
});

test('a timeout beyond what other plugins may take is kept to as well', async () => {
  const bench = await WireBench.start(configured(`timeout: 45, ${keys.block()}`));
  const { client, request } = await bench.ask({ user: 'joe' });
  await bench.bench.ports.clock.advance(44_999);
  assert.not.ok(client.isEnded);
  bench.answer(request, await goodAnswer(request));
  assert.is(await bench.bench.reply(client), WELCOME);
  await bench.close();
});

test('a client nobody serves waits as long, so that a service that comes back finds it in time the next time', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  bench.service.input('UNSUB 1\r\n');
  const client = await bench.bench.client(`${connectLine({ user: 'joe' })}PING\r\n`);
  await bench.bench.ports.clock.advance(1_999);
  assert.not.ok(client.isEnded);
  await bench.bench.ports.clock.advance(1);
  assert.is(await bench.bench.reply(client), REFUSED);
  await bench.close();
});

test('the first answer counts, whatever comes after it', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const first = await bench.ask({ user: 'joe' });
  bench.answer(first.request, await answerWith(asRequest(first.request), keys.issuer, { error: 'no' }));
  bench.answer(first.request, await goodAnswer(first.request));
  assert.is(await bench.bench.reply(first.client), REFUSED);
  const second = await bench.ask({ user: 'joe' });
  bench.answer(second.request, await goodAnswer(second.request));
  bench.answer(second.request, 'garbage');
  assert.is(await bench.bench.reply(second.client), WELCOME);
  await bench.close();
});

test('an answer to one client lets in no other, and none a second time', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const one = await bench.ask({ user: 'one' });
  const two = await bench.ask({ user: 'two' });
  const answer = await goodAnswer(one.request);
  bench.answer(two.request, answer);
  assert.is(await bench.bench.reply(two.client), REFUSED);
  bench.answer(one.request, answer);
  assert.is(await bench.bench.reply(one.client), WELCOME);
  const again = await bench.ask({ user: 'one' });
  bench.answer(again.request, answer);
  assert.is(await bench.bench.reply(again.client), REFUSED);
  const violation = 'Auth callout violation: auth callout response is not for expected user';
  assert.equal(bench.warnings, [violation, violation]);
  await bench.close();
});

test('what is published to the inbox without a question is nobody’s answer', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { client, request } = await bench.ask({ user: 'joe' });
  const guessed = `${request.reply.slice(0, -22)}${'A'.repeat(22)}`;
  bench.answer({ ...request, reply: guessed }, await goodAnswer(request));
  bench.answer(request, await goodAnswer(request));
  assert.is(await bench.bench.reply(client), WELCOME);
  await bench.close();
});

test('as many may wait as the block says; the next is turned away, and a place is free when one is through', async () => {
  const bench = await WireBench.start(configured(keys.block('max_pending: 2')));
  const one = await bench.ask({ user: 'one' });
  await bench.ask({ user: 'two' });
  const line = `${connectLine({ user: 'three' })}PING\r\n`;
  assert.is(await bench.bench.reply(await bench.bench.client(line)), REFUSED);
  assert.equal(bench.warnings, ['Auth callout violation: 2 requests wait for the service on account "AUTH" already']);
  assert.is(bench.bench.server.broker.statistics().more['auth-callout.turned-away'], 1);
  bench.answer(one.request, await goodAnswer(one.request));
  assert.is(await bench.bench.reply(one.client), WELCOME);
  const next = await bench.ask({ user: 'three' });
  bench.answer(next.request, await goodAnswer(next.request));
  assert.is(await bench.bench.reply(next.client), WELCOME);
  await bench.close();
});

test('a client that leaves frees its place at once, without a word in the log', async () => {
  const bench = await WireBench.start(configured(keys.block('max_pending: 1')));
  const { client } = await bench.ask({ user: 'one' });
  client.receiver!.onClosed(null);
  await until(() => bench.pending === 0);
  assert.equal(bench.warnings, []);
  const next = await bench.ask({ user: 'two' });
  bench.answer(next.request, await goodAnswer(next.request));
  assert.is(await bench.bench.reply(next.client), WELCOME);
  await bench.close();
});

test('all answers come over one subscription, and nothing stays behind', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { subscriptionCount: before } = bench.bench.server.broker.accounts;
  for (let count = 0; count < 20; count++) {
    const { request, client } = await bench.ask({ user: 'joe' });
    bench.answer(request, 'garbage');
    await until(() => client.isEnded);
  }
  assert.is(bench.bench.server.broker.accounts.subscriptionCount, before + 1);
  assert.is(bench.pending, 0);
  await bench.ask({ user: 'joe' });
  await bench.close();
  assert.is(bench.bench.server.broker.accounts.subscriptionCount, 0);
  await until(() => bench.bench.ports.clock.pending === 0);
});

test('a second CONNECT is asked about anew', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { client, request } = await bench.ask({ user: 'joe' });
  bench.answer(request, await goodAnswer(request));
  assert.is(await bench.bench.reply(client), WELCOME);
  bench.service.clear();
  client.input(`${connectLine({ user: 'eve' })}PING\r\n`);
  await until(() => requestsIn(bench.service).length > 0);
  const second = requestsIn(bench.service)[0]!;
  assert.is(claimsIn(second.body).nats.client_info.user, 'eve');
  bench.answer(second, 'garbage');
  assert.is(await bench.bench.reply(client), REFUSED);
  await bench.close();
});

test.run();
