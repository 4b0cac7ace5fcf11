/** What becomes of accounts that a reload takes away, changes and brings back. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compose } from '../../bin/compose.ts';
import type { Configuration, ConfigurationRequest } from '../../bin/configuration.ts';
import { reload } from '../../bin/reload.ts';
import type { LogRecord } from '../../kernel/log/log-record.ts';
import { ServerLog } from '../../kernel/log/server-log.ts';
import type { Server } from '../../kernel/server.ts';
import { TestWire } from '../kits/broker-bench.ts';
import { createFakePorts } from '../kits/fake-ports.ts';

const TEST = { plugin: 'test', rank: 0 };

class ReloadBench {
  readonly server: Server;
  /** What plugins are told about accounts. */
  readonly told: string[] = [];
  readonly said: string[] = [];
  private configuration: Configuration;
  private readonly request: ConfigurationRequest;
  private readonly log: ServerLog;
  private text: string;

  private constructor(server: Server, configuration: Configuration, request: ConfigurationRequest, text: string) {
    this.server = server;
    this.configuration = configuration;
    this.request = { ...request, readFile: () => this.text };
    this.text = text;
    const paper = {
      write: ({ text: line }: LogRecord): void => void this.said.push(line),
      reopen: () => false,
      close: () => {},
    };
    this.log = new ServerLog(paper, () => 0, { isDebugging: false, isTracing: false });
  }

  static async start(text: string): Promise<ReloadBench> {
    const ports = createFakePorts();
    const request = { path: 'a.conf', readFile: () => text, clock: ports.clock };
    const { server, configuration } = await compose({ ...request, ports, hasPort: false });
    const bench = new ReloadBench(server, configuration, request, text);
    await server.start();
    bench.listen();
    return bench;
  }

  private listen(): void {
    const { hooks } = this.server.broker;
    const tell = (what: string) => (account: { name: string; connections: { size: number } }) =>
      void this.told.push(`${what} ${account.name} with ${account.connections.size}`);
    hooks.accountCreated.tap(TEST, tell('created'));
    hooks.accountChanged.tap(TEST, tell('changed'));
    hooks.accountRemoved.tap(TEST, tell('removed'));
  }

  async reload(text: string): Promise<void> {
    this.text = text;
    this.told.length = 0;
    const { configuration, log, request, server } = this;
    const after = await reload({ request, configuration, log, server, time: () => 0 });
    if ('failure' in after) throw new Error(this.said.join('\n'));
    this.configuration = after;
  }

  async client(user: string, more = ''): Promise<TestWire> {
    const wire = new TestWire();
    this.server.broker.listener.accept(wire);
    await turns();
    wire.clear();
    wire.input(`CONNECT {"verbose":false,"user":"${user}","pass":"p"}\r\n${more}PING\r\n`);
    await turns();
    return wire;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const ONE = 'ONE { users: [ { user: one, password: p } ] }';
const TWO = 'TWO { users: [ { user: two, password: p } ], limits { max_subscriptions: 1 } }';

test('an account that is taken away is forgotten once its clients are gone, and comes back as a new one', async () => {
  const bench = await ReloadBench.start(`accounts { ${ONE}, ${TWO} }`);
  const { accounts } = bench.server.broker;
  const [one, two] = [await bench.client('one', 'SUB a 1\r\n'), await bench.client('two', 'SUB a 1\r\n')];
  const before = accounts.get('TWO');
  await bench.reload(`accounts { ${ONE} }`);
  assert.ok(two.isEnded);
  assert.is(one.isEnded, false);
  assert.is(accounts.get('TWO'), undefined);
  assert.equal(bench.told, ['removed TWO with 0'], 'of accounts that stay as they are nothing is told');
  assert.is(before?.sublist.count, 0, 'its subscriptions are gone with its clients');
  await bench.reload(`accounts { ${ONE}, TWO { users: [ { user: two, password: p } ] } }`);
  assert.ok(bench.told.includes('created TWO with 0'));
  assert.is.not(accounts.get('TWO'), before);
  const back = await bench.client('two', 'SUB a 1\r\nSUB b 2\r\nPUB a 0\r\n\r\n');
  assert.is(back.text, 'MSG a 1 0\r\n\r\nPONG\r\n', 'nothing is left of its limits');
  await bench.server.close();
});

test('a thousand accounts that come and go leave nothing behind', async () => {
  const many = Array.from({ length: 1000 }, (_, at) => `T${at} { users: [ { user: t${at}, password: p } ] }`);
  const bench = await ReloadBench.start(`accounts { ${ONE} }`);
  const { accounts } = bench.server.broker;
  const few = [...accounts.all()].map(({ name }) => name);
  for (let round = 0; round < 3; round++) {
    await bench.reload(`accounts { ${ONE}, ${many.join(', ')} }`);
    assert.is(accounts.size, few.length + 1000);
    const guest = await bench.client('t7');
    await bench.reload(`accounts { ${ONE} }`);
    assert.ok(guest.isEnded);
    assert.equal(
      [...accounts.all()].map(({ name }) => name),
      few,
    );
  }
  await bench.server.close();
});

test('the system account stays when the configuration no longer speaks of it, without its users and its limits', async () => {
  const bench = await ReloadBench.start(
    `accounts { ${ONE}, $SYS { users: [ { user: admin, password: p } ], limits { max_payload: 5 }, mappings { a: b } } }`,
  );
  const { accounts } = bench.server.broker;
  const admin = await bench.client('admin');
  assert.is(accounts.system?.limits.maxPayload, 5);
  await bench.reload(`accounts { ${ONE} }`);
  assert.ok(admin.isEnded);
  assert.is(accounts.get('$SYS'), accounts.system);
  assert.is(accounts.system?.limits.maxPayload, -1);
  assert.is(accounts.system?.mappings, null);
  await bench.server.close();
});

test('a login that is decided when its account has been taken away is refused', async () => {
  const bench = await ReloadBench.start('accounts { ONE {}, TWO {} }');
  const { accounts, hooks } = bench.server.broker;
  let letIn = (): void => assert.unreachable('nobody was asked');
  hooks.connectionAuthenticate.tap(TEST, () => {
    return new Promise((resolve) => {
      letIn = () => resolve({ account: 'TWO', user: 'two', permissions: null });
    });
  });
  const wire = await bench.client('two');
  await bench.reload('accounts { ONE {} }');
  letIn();
  await turns();
  assert.is(wire.text, "-ERR 'Authorization Violation'\r\n");
  assert.ok(wire.isEnded);
  assert.is(accounts.get('TWO'), undefined);
  await bench.server.close();
});

test.run();
