import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GLOBAL_ACCOUNT } from '../../../kernel/accounts/account-registry.ts';
import { BrokerBench, QUIET } from '../../kits/broker-bench.ts';

const OWNER = { plugin: 'test', rank: 0 };

test('another account can be appointed the system account, and the one before is forgotten', () => {
  const { broker } = new BrokerBench();
  const removed: string[] = [];
  broker.hooks.accountRemoved.tap(OWNER, async (account) => void removed.push(account.name));
  broker.accounts.appointSystem('OTHER');
  assert.is(broker.accounts.system!.name, 'OTHER');
  assert.is(broker.accounts.system!.isSystem, true);
  assert.is(broker.accounts.get('$SYS'), undefined);
  assert.equal(removed, ['$SYS']);
});

test('an account that is there already may become the system account', () => {
  const { broker } = new BrokerBench();
  const account = broker.accounts.ensure('A');
  broker.accounts.appointSystem('A');
  assert.is(broker.accounts.system, account);
  assert.is(account.isSystem, true);
});

test('there may be no system account any more, and the same one again changes nothing', () => {
  const { broker } = new BrokerBench();
  const { system } = broker.accounts;
  broker.accounts.appointSystem('$SYS');
  assert.is(broker.accounts.system, system);
  broker.accounts.appointSystem(null);
  assert.is(broker.accounts.system, null);
  assert.is(broker.accounts.get('$SYS'), undefined);
});

test('of several who want one account, the first to be answered makes it', async () => {
  const { broker } = new BrokerBench();
  let answers = 0;
  let changes = 0;
  broker.hooks.accountResolve.tap(OWNER, async () => ({ limits: { maxConnections: ++answers } }));
  broker.hooks.accountChanged.tap(OWNER, async () => void changes++);
  await Promise.all([broker.resolveAccount('A'), broker.resolveAccount('A'), broker.resolveAccount('A')]);
  assert.is(broker.accounts.get('A')!.limits.maxConnections, 1);
  assert.is(changes, 0);
});

test('a limit of no subscriptions lets nobody stay', async () => {
  const bench = new BrokerBench();
  bench.broker.configureAccount({ name: GLOBAL_ACCOUNT, limits: { maxSubscriptions: 0 } });
  bench.broker.hooks.connectionAuthenticate.tap(OWNER, async () => ({
    account: GLOBAL_ACCOUNT,
    user: 'u',
    permissions: null,
  }));
  const wire = await bench.client('');
  wire.input(QUIET);
  await bench.turn();
  assert.is(wire.text, "-ERR 'maximum subscriptions exceeded'\r\n");
  assert.is(wire.isEnded, true);
});

test('who is there when a limit of no subscriptions comes has to go', async () => {
  const bench = new BrokerBench();
  const wire = await bench.client();
  bench.broker.configureAccount({ name: GLOBAL_ACCOUNT, limits: { maxSubscriptions: 0 } });
  await bench.turn();
  assert.is(wire.text, "-ERR 'maximum subscriptions exceeded'\r\n");
  assert.is(wire.isEnded, true);
});

test('a client goes by another identity at once', async () => {
  const bench = new BrokerBench();
  const wire = await bench.client();
  const [client] = bench.broker.connections.values();
  wire.input('SUB a 1\r\nSUB b 2\r\n');
  const permissions = {
    mayPublish: () => true,
    maySubscribe: (subject: string) => subject === 'a',
    deliveryFilter: () => null,
    replies: null,
  };
  (client as unknown as { become(identity: object): void }).become({
    account: GLOBAL_ACCOUNT,
    user: 'u',
    permissions,
    maxPayload: 1,
    expiresAt: bench.ports.clock.now() + 1000,
  });
  await bench.turn();
  assert.is(wire.text, `-ERR 'Permissions Violation for Subscription to "b" (sid "2")'\r\n`);
  wire.clear();
  await bench.ports.clock.advance(1000);
  assert.is(wire.text, "-ERR 'User Authentication Expired'\r\n");
});

test.run();
