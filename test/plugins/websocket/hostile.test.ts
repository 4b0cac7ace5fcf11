/** Many clients that send frames which are damaged in every way: each ends somehow, and the broker goes on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { clientFrame } from '../../protocols/websocket/client-frames.ts';
import { RawClient } from '../running-server.ts';
import { BROWSER, COMPRESSED, deflated, type RawWebSocket, UPGRADE, withWebSocket } from './raw-websocket.ts';

const ROUNDS = 400;
const AT_ONCE = 20;

const LINES = [
  'CONNECT {"verbose":false}\r\n',
  'PING\r\n',
  'PONG\r\n',
  'SUB a 1\r\n',
  'PUB a 3\r\nabc\r\n',
  `PUB a 2000\r\n${'x'.repeat(2000)}\r\n`,
  'NONSENSE\r\n',
  'PUB a 9999999999\r\n',
];

test('damaged frames end their connection at worst', () =>
  withWebSocket(
    'compression: true',
    async ({ open, server, log }) => {
      const seed = chosenSeed();
      const random = new Seeded(seed);
      const witness = await open();
      await witness.connect({}, 'SUB witness 1\r\n');
      for (let round = 0; round < ROUNDS; round += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => attack(open, random)));
      }
      witness.send('PUB witness 2\r\nok\r\nPING\r\n');
      await witness.until(/MSG witness 1 2\r\nok\r\nPONG\r\n$/);
      witness.close();
      while (server.broker.connections.size > 0) await new Promise(setImmediate);
      const strange = log.filter((line) => /TypeError|RangeError|undefined|\bthrew\b/.test(line));
      assert.equal(strange, [], `GNATLET_SEED=${seed}`);
    },
    { top: 'max_payload: 4kb' },
  ));

async function attack(open: (options: { headers: string[] }) => Promise<RawWebSocket>, random: Seeded): Promise<void> {
  const headers = [COMPRESSED, BROWSER].filter(() => random.once(2));
  const socket = await open({ headers });
  const bytes = Buffer.concat(Array.from({ length: 1 + random.below(12) }, () => anyFrame(random)));
  for (let damage = random.below(4); damage > 0; damage--) bytes[random.below(bytes.length)] = random.below(256);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(bytes.length);
    socket.client.send(bytes.subarray(at, end));
    at = end;
    if (random.once(3)) await new Promise(setImmediate);
  }
  // Some go at once, some say goodbye, some wait for what they are told.
  if (random.once(3)) socket.close();
  else {
    socket.client.socket.end(clientFrame('', { opcode: 8 }));
    await socket.untilClosed();
  }
}

function anyFrame(random: Seeded): Buffer {
  const text = Array.from({ length: random.below(4) }, () => random.pick(LINES)).join('');
  const isCompressed = random.once(4);
  const payload = isCompressed ? deflated(text) : Buffer.from(text, 'latin1');
  if (random.once(5)) return clientFrame(text.slice(0, 125), { opcode: random.pick([8, 9, 10]) });
  return clientFrame(payload, {
    isCompressed,
    isFinal: !random.once(6),
    opcode: random.pick([0, 1, 2, 2, 2, 2]),
    key: random.once(12) ? null : random.below(0xffff_ffff),
    bits: random.once(30) ? 0x20 : 0,
  });
}

test('damaged requests are refused, or are upgrades after all', () =>
  withWebSocket('', async ({ wsPort, open }) => {
    const seed = chosenSeed();
    const random = new Seeded(seed);
    const whole = `GET / HTTP/1.1\r\n${UPGRADE.join('\r\n')}\r\n\r\n`;
    const attempt = async (): Promise<void> => {
      const bytes = Buffer.from(whole, 'latin1');
      for (let damage = 1 + random.below(3); damage > 0; damage--)
        bytes[random.below(bytes.length)] = random.below(256);
      const client = await RawClient.connect(wsPort);
      client.send(bytes);
      client.socket.end();
      await client.untilClosed();
      assert.match(client.text, /^(HTTP\/1\.[01] (101|4\d\d|50[15]) |$)/, `GNATLET_SEED=${seed}`);
    };
    for (let round = 0; round < ROUNDS; round += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, attempt));
    const socket = await open();
    await socket.connect();
    socket.close();
  }));

test.run();
