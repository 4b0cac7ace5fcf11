import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { laboriousProblems } from '../../../plugins/operator/share-validation.ts';
import { decodeTokenOf } from '../../../protocols/jwt/token.ts';
import { ACME, accountToken, SYSTEM, userToken } from './issuer.ts';
import { OperatorBench, usualTokens } from './operator-bench.ts';

const CLIENTS = 300;
const tokens = await usualTokens(accountToken(ACME), accountToken(SYSTEM));

async function crowd(bench: OperatorBench): Promise<Awaited<ReturnType<OperatorBench['welcome']>>[]> {
  const bearer = await userToken({ bearer_token: true });
  return Promise.all(Array.from({ length: CLIENTS }, () => bench.welcome(bearer, null)));
}

test('many are sent away in slices, and nobody is forgotten', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wires = await crowd(bench);
  let turns = 0;
  const { clock } = bench.ports;
  const { soon } = clock;
  clock.soon = (run) => {
    turns++;
    soon(run);
  };
  await bench.push(ACME, await accountToken(ACME, { revocations: { '*': 4_000_000_000 } }));
  for (const wire of wires) assert.is(await bench.reply(wire), "-ERR 'User Authentication Revoked'\r\n<end>");
  assert.ok(turns >= 2, `${turns} turns`);
  await bench.server.close();
});

test('many are sent away from an account that is gone, until it has a new token', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wires = await crowd(bench);
  bench.accounts.host!.removed(ACME.getPublicKey());
  for (const wire of wires) assert.is(await bench.reply(wire), "-ERR 'Account Authentication Expired'\r\n<end>");
  await bench.push(ACME, await accountToken(ACME, { tags: ['new'] }));
  await bench.welcome(await userToken());
  await bench.server.close();
});

test('exports and imports are compared a few at a time', async () => {
  const imports = Array.from({ length: 150 }, (_, at) => ({
    subject: `s.${at}`,
    account: SYSTEM.getPublicKey(),
    type: 'service',
  }));
  const decoded = decodeTokenOf('account', await accountToken(ACME, { imports } as object));
  if ('failure' in decoded) throw new Error(decoded.failure);
  let pauses = 0;
  const problems = await laboriousProblems(decoded.claims, async () => void pauses++);
  assert.equal(problems, []);
  // 150 * 149 / 2 pairs, 2000 at once.
  assert.is(pauses, 5);
});

test.run();
