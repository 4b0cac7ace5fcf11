import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED, WELCOME } from '../auth/auth-bench.ts';
import { ACME, accountToken, SYSTEM, userToken } from './issuer.ts';
import { OperatorBench, usualTokens } from './operator-bench.ts';

const tokens = await usualTokens(accountToken(ACME), accountToken(SYSTEM, {}, { name: 'SYS' }));
const bob = await userToken();

test('a user whose account the operator has signed is let in, and is in that account', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  const [client] = bench.server.broker.connections.values();
  assert.is(client!.account.name, ACME.getPublicKey());
  assert.is(await bench.say(wire, 'SUB x 1\r\nPUB x 2\r\nhi\r\n'), 'MSG x 1 2\r\nhi\r\nPONG\r\n');
  await bench.server.close();
});

test('clients are told to log in, and sent a nonce', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.client();
  assert.match(wire.text, /"auth_required":true.*"nonce":"/);
  assert.is(await bench.say(wire, 'CONNECT {}\r\n'), REFUSED);
  assert.ok(WELCOME);
  await bench.server.close();
});

test.run();
