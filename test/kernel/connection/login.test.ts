import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientConnection } from '../../../kernel/connection/client-connection.ts';
import { CloseReason } from '../../../kernel/connection/close-reason.ts';
import { type Refusal, refuse } from '../../../kernel/hooks/refusal.ts';
import type { Identity, Permissions } from '../../../kernel/permissions/permissions.ts';
import { BrokerBench, QUIET, type TestWire } from '../../kits/broker-bench.ts';

type Verdict = Identity | Refusal;
type Told = [what: string, subject: string];

function matches(pattern: string, subject: string): boolean {
  return pattern === '>' || pattern === subject;
}

/** May subscribe to what is not named, and gets nothing of what is `hidden`. */
function permissions(more: { denied?: string; hidden?: string; publish?: string; answers?: number }): Permissions {
  return {
    mayPublish: (bytes, start, end) => matches(more.publish ?? '>', bytes.toString('latin1', start, end)),
    maySubscribe: (subject) => subject !== more.denied,
    deliveryFilter: () =>
      more.hidden === undefined
        ? null
        : { allows: (bytes, start, end) => bytes.toString('latin1', start, end) !== more.hidden },
    replies: more.answers === undefined ? null : { max: more.answers, ttlMs: -1 },
  };
}

/** Who everybody is told to be can be changed; `gates` hold the answer back. */
class LoginBench extends BrokerBench {
  verdict: Verdict = identity();
  gate: Promise<void> | null = null;
  asked = 0;
  authenticated = 0;

  constructor() {
    super();
    this.broker.accounts.ensure('A');
    const owner = { plugin: 'test', rank: 0 };
    this.broker.hooks.connectionAuthenticate.tap(owner, async () => {
      this.asked++;
      const { gate, verdict } = this;
      await gate;
      return verdict;
    });
    this.broker.hooks.connectionAuthenticated.tap(owner, () => void this.authenticated++);
  }

  /** The client that connected last. */
  get last(): ClientConnection {
    return [...this.broker.connections.values()].at(-1) as ClientConnection;
  }

  async answers(wire: TestWire, input: string): Promise<string> {
    wire.clear();
    wire.input(input);
    await this.turn();
    return wire.text;
  }

  interest(): Told[] {
    const told: Told[] = [];
    const note =
      (what: string) =>
      (subject: string): void =>
        void told.push([what, subject]);
    this.broker.accounts.global.sublist.listener = {
      first: note('first'),
      changed: note('changed'),
      last: note('last'),
    };
    return told;
  }
}

function identity(given: Permissions | null = null, account = '$G'): Identity {
  return { account, user: 'u', permissions: given };
}

test('a client that is asked again keeps what it may keep, and nobody else hears of it', async () => {
  const bench = new LoginBench();
  const wire = await bench.client(`${QUIET}SUB a 1\r\nSUB b 2\r\nSUB c work 3\r\nUNSUB 2 5\r\n`);
  const told = bench.interest();
  const { generation } = bench.broker.accounts.global.sublist;
  await bench.last.loginAgain();
  assert.equal(told, []);
  assert.is(bench.broker.accounts.global.sublist.generation, generation);
  assert.equal([bench.asked, bench.authenticated], [2, 1]);
  assert.is(
    await bench.answers(wire, 'PUB a 0\r\n\r\nPUB b 0\r\n\r\nPUB c 0\r\n\r\n'),
    'MSG a 1 0\r\n\r\nMSG b 2 0\r\n\r\nMSG c 3 0\r\n\r\n',
  );
});

test('subscriptions that are no longer allowed end with an error each, those of queues by name', async () => {
  const bench = new LoginBench();
  const wire = await bench.client(`${QUIET}SUB a 1\r\nSUB b 2\r\nSUB a q 3\r\n`);
  const told = bench.interest();
  bench.verdict = identity(permissions({ denied: 'a' }));
  await bench.last.loginAgain();
  await bench.turn();
  assert.is(
    wire.text,
    `-ERR 'Permissions Violation for Subscription to "a" (sid "1")'\r\n` +
      `-ERR 'Permissions Violation for Subscription to "a" using queue "q" (sid "3")'\r\n`,
  );
  assert.equal(told, [
    ['last', 'a'],
    ['last', 'a'],
  ]);
  assert.is(await bench.answers(wire, 'PUB a 0\r\n\r\nPUB b 0\r\n\r\n'), 'MSG b 2 0\r\n\r\n');
});

test('what a subscription is given is filtered anew, and no longer once it need not be', async () => {
  const bench = new LoginBench();
  const wire = await bench.client(`${QUIET}SUB > 1\r\nUNSUB 1 4\r\n`);
  const both = 'PUB a 0\r\n\r\nPUB b 0\r\n\r\n';
  bench.verdict = identity(permissions({ hidden: 'a' }));
  await bench.last.loginAgain();
  assert.is(await bench.answers(wire, both), 'MSG b 1 0\r\n\r\n');
  bench.verdict = identity(permissions({ hidden: 'b' }));
  await bench.last.loginAgain();
  assert.is(await bench.answers(wire, both), 'MSG a 1 0\r\n\r\n');
  bench.verdict = identity();
  await bench.last.loginAgain();
  assert.is(await bench.answers(wire, both + both), 'MSG a 1 0\r\n\r\nMSG b 1 0\r\n\r\n', 'four were asked for');
});

test('a request that was delivered before may be answered afterwards, by the new rule', async () => {
  const bench = new LoginBench();
  bench.verdict = identity(permissions({ publish: 'none', answers: 1 }));
  const wire = await bench.client(`${QUIET}SUB s 1\r\n`);
  const service = bench.last;
  bench.verdict = identity();
  const asking = await bench.client(`${QUIET}PUB s in.1 0\r\n\r\n`);
  assert.is(asking.text, '');
  bench.verdict = identity(permissions({ publish: 'none', answers: 2 }));
  await service.loginAgain();
  const violation = `-ERR 'Permissions Violation for Publish to "in.1"'\r\n`;
  assert.is(await bench.answers(wire, 'PUB in.1 0\r\n\r\n'.repeat(3)), violation);
  bench.verdict = identity(permissions({ publish: 'none' }));
  await service.loginAgain();
  asking.input('PUB s in.1 0\r\n\r\n');
  await bench.turn();
  assert.is(await bench.answers(wire, 'PUB in.1 0\r\n\r\n'), violation, 'nothing may be answered any more');
});

test('a permission to answer that is new holds for requests to subscriptions that are there', async () => {
  const bench = new LoginBench();
  const wire = await bench.client(`${QUIET}SUB s 1\r\n`);
  const service = bench.last;
  const asking = await bench.client();
  bench.verdict = identity(permissions({ publish: 'none', answers: 1 }));
  await service.loginAgain();
  asking.input('PUB s in.1 0\r\n\r\n');
  await bench.turn();
  assert.is(await bench.answers(wire, 'PUB in.1 0\r\n\r\n'), '');
});

test('new limits and a new hour to leave hold at once', async () => {
  const bench = new LoginBench();
  const wire = await bench.client(`${QUIET}SUB a 1\r\nSUB b 2\r\n`);
  const expiresAt = bench.ports.clock.now() + 1000;
  bench.verdict = { ...identity(), maxPayload: 3, maxSubscriptions: 2, expiresAt };
  await bench.last.loginAgain();
  assert.is(await bench.answers(wire, 'SUB c 3\r\n'), `-ERR 'maximum subscriptions exceeded'\r\n`);
  assert.is(await bench.answers(wire, 'PUB a 3\r\nabc\r\n'), 'MSG a 1 3\r\nabc\r\n');
  await bench.ports.clock.advance(1000);
  await bench.turn();
  assert.ok(wire.isEnded);
  const other = await bench.client();
  assert.is(await bench.answers(other, 'PUB a 4\r\n'), `-ERR 'Maximum Payload Violation'\r\n`);
});

test('a client that belongs to another account now is closed without a word', async () => {
  const bench = new LoginBench();
  const wire = await bench.client(`${QUIET}SUB a 1\r\n`);
  const client = bench.last;
  bench.verdict = identity(null, 'A');
  await client.loginAgain();
  await bench.turn();
  assert.is(wire.text, '');
  assert.ok(wire.isEnded);
  assert.is(client.closeReason, CloseReason.clientClosed);
  assert.is(client.account, bench.broker.accounts.global);
  assert.is(bench.broker.accounts.global.sublist.count, 0);
});

test('a client that is refused now, or whose account is gone, is told', async () => {
  for (const [verdict, reason] of [
    [refuse('no'), CloseReason.authenticationFailure],
    [identity(null, 'nowhere'), CloseReason.missingAccount],
  ] as const) {
    const bench = new LoginBench();
    const wire = await bench.client();
    const client = bench.last;
    bench.verdict = verdict;
    await client.loginAgain();
    await bench.turn();
    assert.is(wire.text, `-ERR 'Authorization Violation'\r\n`);
    assert.is(client.closeReason, reason);
  }
});

test('what the client sends while it is asked again waits for the answer', async () => {
  const bench = new LoginBench();
  const wire = await bench.client();
  let open = (): void => {};
  bench.gate = new Promise((resolve) => {
    open = resolve;
  });
  bench.verdict = identity(permissions({ denied: 'a' }));
  const done = bench.last.loginAgain();
  assert.is(await bench.answers(wire, 'SUB a 1\r\nSUB b 2\r\nPUB b 0\r\n\r\n'), '');
  open();
  await done;
  await bench.turn();
  assert.is(wire.text, `-ERR 'Permissions Violation for Subscription to "a"'\r\nMSG b 2 0\r\n\r\n`);
});

test('of several answers the one that was asked for last holds', async () => {
  const bench = new LoginBench();
  const wire = await bench.client(`${QUIET}SUB a 1\r\nSUB b 2\r\n`);
  let open = (): void => {};
  bench.gate = new Promise((resolve) => {
    open = resolve;
  });
  bench.verdict = identity(permissions({ publish: 'a' }));
  const first = bench.last.loginAgain();
  bench.gate = null;
  bench.verdict = identity(permissions({ publish: 'b' }));
  const second = bench.last.loginAgain();
  await bench.turn();
  assert.is(bench.asked, 2, 'one after the other');
  open();
  await Promise.all([first, second]);
  assert.is(bench.asked, 3);
  assert.is(
    await bench.answers(wire, 'PUB a 0\r\n\r\nPUB b 0\r\n\r\n'),
    `-ERR 'Permissions Violation for Publish to "a"'\r\nMSG b 2 0\r\n\r\n`,
  );
});

test('a verbose client gets no +OK for being asked again', async () => {
  const bench = new LoginBench();
  const wire = await bench.client('CONNECT {}\r\n');
  await bench.last.loginAgain();
  assert.is(await bench.answers(wire, 'SUB a 1\r\n'), '+OK\r\n');
});

test('whoever has not said who it is yet is not asked again, and one that is gone neither', async () => {
  const bench = new LoginBench();
  const wire = await bench.client('');
  const client = bench.last;
  await client.loginAgain();
  assert.is(bench.asked, 0);
  assert.is(await bench.answers(wire, `${QUIET}PING\r\n`).then((text) => text.slice(0, 6)), 'PONG\r\n');
  client.close(CloseReason.kicked);
  await client.loginAgain();
  assert.is(bench.asked, 1);
});

test('without anybody who asks, a client becomes nobody in particular again', async () => {
  const bench = new BrokerBench();
  const untap = bench.broker.hooks.connectionAuthenticate.tap({ plugin: 'test', rank: 0 }, async () =>
    identity(permissions({ publish: 'a' })),
  );
  const wire = await bench.client();
  untap();
  await (bench.broker.connections.values().next().value as ClientConnection).loginAgain();
  wire.input('SUB b 1\r\nPUB b 0\r\n\r\n');
  await bench.turn();
  assert.is(wire.text, 'MSG b 1 0\r\n\r\n');
});

test('a client that subscribes before CONNECT leaves nothing behind in the account it leaves', async () => {
  const bench = new LoginBench();
  const wire = await bench.client('');
  wire.input('SUB a 1\r\n');
  await bench.turn();
  assert.is(bench.broker.accounts.global.sublist.count, 1);
  bench.verdict = identity(null, 'A');
  const account = bench.broker.accounts.ensure('A');
  assert.is(await bench.answers(wire, `${QUIET}SUB b 1\r\nPUB b 0\r\n\r\n`), 'MSG b 1 0\r\n\r\n');
  assert.equal([bench.broker.accounts.global.sublist.count, account.sublist.count], [0, 1]);
  assert.equal([bench.broker.accounts.global.connections.size, account.connections.size], [0, 1]);
});

test('a client that subscribes before CONNECT keeps only what it may have as whom it logs in', async () => {
  const bench = new LoginBench();
  const wire = await bench.client('');
  wire.input('SUB a 1\r\nSUB b 2\r\n');
  await bench.turn();
  bench.verdict = identity(permissions({ denied: 'a' }));
  assert.is(
    await bench.answers(wire, `${QUIET}PUB a 0\r\n\r\nPUB b 0\r\n\r\n`),
    `-ERR 'Permissions Violation for Subscription to "a" (sid "1")'\r\nMSG b 2 0\r\n\r\n`,
  );
});

test.run();
