/** Messages go on flowing while the configuration is read again and again: none is lost, none comes twice or out of order. */
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, Folder } from './broker-process.ts';

const ROUNDS = 25;
const USERS =
  'accounts { APP { users: [ { user: u, password: p } ] }, MORE { users: [ { user: GUEST, password: p } ] } }';

/** What a round may change; none of it takes a right from the two who talk. */
const CHANGES: readonly ((pick: (below: number) => number) => string)[] = [
  (pick) => `ping_max: ${2 + pick(5)}`,
  (pick) => `max_payload: ${1000 + pick(1000)}`,
  (pick) => `max_control_line: ${1000 + pick(1000)}`,
  (pick) => `write_deadline: "${5 + pick(5)}s"`,
  (pick) => `server_tags: [t${pick(9)}]`,
  (pick) => `debug: ${pick(2) === 1}`,
  (pick) => `trace: ${pick(2) === 1}`,
  (pick) => `no_fast_producer_stall: ${pick(2) === 1}`,
  (pick) => `mappings { a.${pick(9)}: b }`,
  (pick) => `metrics { port: ${-pick(2)} }`,
];

test('what is published during reloads arrives, once and in order, without a reconnect', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const pick = pickerOf(seed);
  using folder = new Folder();
  const write = (more: string): void => {
    folder.write('a.conf', `${USERS.replace('GUEST', `guest${pick(5)}`)}\n${more}\n`);
  };
  write('ping_max: 2');
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const options = { servers: `127.0.0.1:${broker.port}`, user: 'u', pass: 'p', reconnect: false };
  const [publisher, subscriber] = [await connect(options), await connect(options)];
  const received: number[] = [];
  subscriber.subscribe('count.>', { callback: (_error, message) => void received.push(Number(message.string())) });
  await subscriber.flush();
  let sent = 0;
  let isOver = false;
  const traffic = (async () => {
    while (!isOver) {
      for (let burst = 0; burst < 50; burst++) publisher.publish(`count.${sent % 7}`, String(sent++));
      await publisher.flush();
    }
  })();
  for (let round = 0; round < ROUNDS; round++) {
    write(Array.from({ length: 1 + pick(3) }, () => CHANGES[pick(CHANGES.length)]!(pick)).join('\n'));
    await broker.signal('SIGHUP', 'server configuration');
  }
  isOver = true;
  await traffic;
  await subscriber.flush();
  assert.not.match(broker.err.text, /Failed to reload/, `seed ${seed}`);
  assert.is(received.length, sent, `seed ${seed}`);
  assert.ok(
    received.every((number, at) => number === at),
    `seed ${seed}`,
  );
  assert.ok(sent > ROUNDS, `only ${sent} messages`);
  await publisher.close();
  await subscriber.close();
});

/** Numbers below a limit, from a seed. */
function pickerOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.run();
