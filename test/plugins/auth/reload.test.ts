import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AuthBench, connectLine, REFUSED, until, WELCOME } from './auth-bench.ts';

function oneUser(permissions: string): string {
  return `authorization { users: [{user: u, password: p, permissions: {${permissions}}}] }`;
}

const LOGIN = connectLine({ user: 'u', pass: 'p' });
const TWO_MESSAGES = 'PUB a 0\r\n\r\nPUB b 0\r\n\r\n';

async function loggedIn(
  text: string,
  more: string,
): Promise<{ bench: AuthBench; wire: Awaited<ReturnType<AuthBench['client']>> }> {
  const bench = await AuthBench.start(text);
  const wire = await bench.client();
  assert.is(await bench.say(wire, LOGIN + more), WELCOME);
  return { bench, wire };
}

test('a subscription that is no longer allowed ends with an error that names its sid', async () => {
  const { bench, wire } = await loggedIn(oneUser('subscribe: [a, b]'), 'SUB a 7\r\nSUB a q 8\r\nSUB b 9\r\n');
  await bench.reload(oneUser('subscribe: b'));
  await until(() => wire.text.includes('"8"'));
  assert.is(
    wire.text,
    `-ERR 'Permissions Violation for Subscription to "a" (sid "7")'\r\n-ERR 'Permissions Violation for Subscription to "a" using queue "q" (sid "8")'\r\n`,
  );
  assert.is(await bench.say(wire, TWO_MESSAGES), `MSG b 9 0\r\n\r\n${WELCOME}`);
  await bench.server.close();
});

test('what is denied anew is kept from a broader subscription that stays, and comes again when it is allowed', async () => {
  const { bench, wire } = await loggedIn(oneUser(''), 'SUB > 1\r\nUNSUB 1 3\r\n');
  assert.is(await bench.say(wire, 'PUB a 0\r\n\r\n'), `MSG a 1 0\r\n\r\n${WELCOME}`);
  await bench.reload(oneUser('subscribe: {deny: a}'));
  assert.is(await bench.say(wire, TWO_MESSAGES), `MSG b 1 0\r\n\r\n${WELCOME}`);
  await bench.reload(oneUser('subscribe: {deny: c}'));
  assert.is(await bench.say(wire, TWO_MESSAGES), `MSG a 1 0\r\n\r\n${WELCOME}`, 'three messages were asked for');
  await bench.server.close();
});

test('new publish permissions hold at once, also for the subject published last', async () => {
  const { bench, wire } = await loggedIn(oneUser('publish: a'), 'PUB a 0\r\n\r\n');
  await bench.reload(oneUser('publish: b'));
  assert.is(await bench.say(wire, TWO_MESSAGES), `-ERR 'Permissions Violation for Publish to "a"'\r\n${WELCOME}`);
  await bench.server.close();
});

test('a permission to answer that comes with a reload holds for subscriptions that are there', async () => {
  const { bench, wire } = await loggedIn(oneUser('publish: x, subscribe: s'), 'SUB s 1\r\n');
  await bench.reload(
    `authorization { users: [{user: u, password: p, permissions: {publish: x, subscribe: s, allow_responses: true}}, {user: v, password: p}] }`,
  );
  const asking = await bench.client();
  assert.is(await bench.say(asking, `${connectLine({ user: 'v', pass: 'p' })}PUB s in 0\r\n\r\n`), WELCOME);
  const violation = `-ERR 'Permissions Violation for Publish to "in"'\r\n`;
  await until(() => wire.text.includes('MSG s 1 in 0'));
  assert.is(await bench.say(wire, 'PUB in 0\r\n\r\nPUB in 0\r\n\r\n'), violation + WELCOME);
  await bench.server.close();
});

test('a verbose client gets no +OK for being asked again', async () => {
  const bench = await AuthBench.start(oneUser(''));
  const wire = await bench.client();
  assert.is(await bench.say(wire, connectLine({ user: 'u', pass: 'p', verbose: true })), `+OK\r\n${WELCOME}`);
  await bench.reload(oneUser('publish: a'));
  assert.is(await bench.say(wire, 'SUB x 1\r\n'), `+OK\r\n${WELCOME}`);
  await bench.server.close();
});

test('a user who is gone, or in another account, is closed without a word', async () => {
  for (const after of [
    'authorization { users: [{user: v, password: p}] }',
    'accounts { A { users: [{user: u, password: p}] } }',
  ]) {
    const { bench, wire } = await loggedIn(oneUser(''), '');
    await bench.reload(after);
    assert.is(await bench.reply(wire), '<end>');
    await bench.server.close();
  }
});

test('a changed password is told and ends the connection', async () => {
  const { bench, wire } = await loggedIn(oneUser(''), '');
  await bench.reload('authorization { users: [{user: u, password: q}] }');
  assert.is(await bench.reply(wire), REFUSED);
  assert.is(await bench.answer({ user: 'u', pass: 'q' }), WELCOME);
  await bench.server.close();
});

test('authentication can be turned on and off', async () => {
  const open = 'authorization { users: [] }';
  const bench = await AuthBench.start(open);
  const wire = await bench.client();
  assert.is(await bench.say(wire, connectLine({})), WELCOME);
  await bench.reload(oneUser('publish: a'));
  assert.is(await bench.reply(wire), REFUSED);
  const user = await bench.client();
  assert.is(await bench.say(user, LOGIN), WELCOME);
  await bench.reload(open);
  assert.is(bench.server.broker.hooks.connectionAuthenticate.slot, null);
  assert.is(await bench.say(user, 'PUB b 0\r\n\r\n'), WELCOME, 'the restrictions of the user are gone with the user');
  assert.is((await bench.info()).auth_required, undefined);
  await bench.server.close();
});

test('a login under way is judged by the configuration that is there when it is decided', async () => {
  const bcrypt = '$2b$04$c6pto5L3N92kAXYK1JlWVesiNLeQHQHcs2OYzFGX6bkJCGvZUW3SC';
  const bench = await AuthBench.start(`authorization { users: [{user: u, password: "${bcrypt}"}] }`);
  const wire = await bench.client();
  wire.clear();
  wire.input(`${connectLine({ user: 'u', pass: 's3cret' })}PING\r\n`);
  await bench.reload('authorization { users: [{user: v, password: p}] }');
  assert.is(await bench.reply(wire), REFUSED);
  await bench.server.close();
});

test('those who are logged in stay although others at their address guess', async () => {
  const text = (permissions: string): string =>
    `authorization { max_failed_logins: 1, users: [{user: u, password: p, permissions: {${permissions}}}] }`;
  const { bench, wire } = await loggedIn(text(''), '');
  assert.is(await bench.answer({ user: 'u', pass: 'guess' }), REFUSED);
  await bench.reload(text('publish: b'));
  assert.is(await bench.say(wire, TWO_MESSAGES), `-ERR 'Permissions Violation for Publish to "a"'\r\n${WELCOME}`);
  assert.is(await bench.answer({ user: 'u', pass: 'p' }), REFUSED);
  await bench.server.close();
});

test('who nobody in particular is cannot change while the broker runs', async () => {
  const text = (name: string): string =>
    `${name === '' ? '' : `no_auth_user: ${name}`}\nauthorization { users: [{user: u, password: p}, {user: v, password: p}] }`;
  const bench = await AuthBench.start(text('u'));
  await refusesReload(bench, text('v'), 'config reload not supported for NoAuthUser: old=u, new=v');
  await refusesReload(bench, text(''), 'config reload not supported for NoAuthUser: old=u, new=');
  await bench.reload('authorization { users: [{user: v, password: p}] }');
  assert.is(await bench.answer({}), REFUSED);
  await bench.server.close();
});

async function refusesReload(bench: AuthBench, text: string, reason: string): Promise<void> {
  const failure = await bench.reload(text).then(
    () => '',
    (error: unknown) => String(error),
  );
  assert.ok(failure.includes(reason), failure);
}

test('the timeout of a login changes with a reload', async () => {
  const bench = await AuthBench.start('authorization { user: u, password: p, timeout: 1 }');
  await bench.reload('authorization { user: u, password: p, timeout: 3 }');
  const wire = await bench.client();
  await bench.ports.clock.advance(2999);
  assert.is(wire.isEnded, false);
  await bench.ports.clock.advance(1);
  assert.is(wire.isEnded, true);
  await bench.server.close();
});

test.run();
