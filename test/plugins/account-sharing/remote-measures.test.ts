/** The two halves of a measurement, in whatever order they come, and what is kept of those whose other half does not come. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account, Broker, Message } from '../../../kernel/plugin-api.ts';
import { createSimulation } from '../../../kernel/ports/simulated-ports.ts';
import { composed } from '../../../kernel/routing/compose.ts';
import { type FarHalf, HALF_MS, RemoteMeasures } from '../../../plugins/account-sharing/services/remote-measures.ts';

const SUBJECT = '_R_.abcdef.ghijkl.NUmM6cRx.T';
const LIMITS = { measuredMax: 3, measuredMs: 120_000 };
const ACCOUNT = { name: 'SVC' } as Account;

function bench() {
  const sim = createSimulation(1);
  const { clock } = sim.machine('here');
  const told: string[] = [];
  const publisher = { publish: (_account: Account, { subject }: { subject: string }) => void told.push(subject) };
  const broker = { name: 'B', clock, publisher, accounts: { system: ACCOUNT } } as unknown as Broker;
  const measures = new RemoteMeasures({ broker, limits: LIMITS, clusterName: () => '' });
  const run = (milliseconds: number): Promise<void> => sim.run(clock.monotonic() + milliseconds);
  return { measures, run, told };
}

function half(service: number, subject = SUBJECT): Message {
  return composed({ subject: 'x', body: JSON.stringify({ req_id: subject, m2: { service, responder: { rtt: 5 } } }) });
}

function request(reply: string): Message {
  return composed({ subject: 'svc', reply });
}

/** A client of this server, as far as it is told of. */
function answer(subject: string): Message {
  const origin = {
    kindName: 'client',
    introduction: null,
    account: ACCOUNT,
    transport: { remote: { host: '', port: 0 }, kind: 'tcp' },
    entrance: {},
    identity: null,
    options: { nkey: '', user: '', auth_token: '', name: '' },
    liveness: { rtt: 0 },
    startedAt: 0,
    clientIp: '',
    id: 1,
  };
  return composed({ subject, origin });
}

test('the half of the other server is waited for, and used at once where it came first', async () => {
  const { measures } = bench();
  const settled: (FarHalf | null)[] = [];
  measures.expect(SUBJECT, (far) => void settled.push(far));
  assert.equal(settled, []);
  measures.told(half(7));
  measures.told(half(8));
  measures.expect(SUBJECT, (far) => void settled.push(far));
  assert.equal(
    settled.map((far) => far?.service),
    [7, 8],
  );
  measures.close();
});

test('a half that does not come is waited for no longer than a second, and one that comes too late is not kept', async () => {
  const { measures, run } = bench();
  const settled: (FarHalf | null)[] = [];
  measures.expect(SUBJECT, (far) => void settled.push(far));
  await run(HALF_MS - 1);
  assert.equal(settled, []);
  await run(2);
  assert.equal(settled, [null]);
  measures.told(half(7));
  await run(HALF_MS + 1);
  measures.expect(SUBJECT, (far) => void settled.push(far));
  assert.is(settled.length, 1);
  measures.close();
});

test('the first answer to a request of another server is told there, and nothing else is', async () => {
  const { measures, told } = bench();
  measures.answered(ACCOUNT, answer(SUBJECT));
  measures.requested(ACCOUNT, request(SUBJECT));
  measures.answered(ACCOUNT, answer(SUBJECT));
  measures.answered(ACCOUNT, answer(SUBJECT));
  const own = SUBJECT.replace('NUmM6cRx', measures.hash);
  measures.requested(ACCOUNT, request(own));
  measures.answered(ACCOUNT, answer(own));
  assert.equal(told, ['$SYS.LATENCY.M2.NUmM6cRx']);
  measures.close();
});

test('requests that are not answered are forgotten after their time, and the oldest where there are too many', async () => {
  const { measures, told, run } = bench();
  const subjectOf = (count: number): string => `_R_.abcdef.${count}.NUmM6cRx.T`;
  for (let count = 0; count < LIMITS.measuredMax; count++) measures.requested(ACCOUNT, request(subjectOf(count)));
  assert.is(measures.forgotten, 0, 'not at the limit');
  measures.requested(ACCOUNT, request(subjectOf(LIMITS.measuredMax)));
  assert.is(measures.forgotten, 1);
  measures.answered(ACCOUNT, answer(subjectOf(0)));
  assert.equal(told, []);
  measures.answered(ACCOUNT, answer(subjectOf(1)));
  assert.is(told.length, 1);
  await run(LIMITS.measuredMs + 1);
  measures.answered(ACCOUNT, answer(subjectOf(2)));
  assert.is(told.length, 1);
  assert.is(measures.forgotten, 1, 'what took too long is none of them');
  measures.limit({ ...LIMITS, measuredMax: 1 });
  for (let count = 0; count < 2; count++) measures.requested(ACCOUNT, request(subjectOf(count)));
  assert.is(measures.forgotten, 2);
  measures.close();
});

test('what makes no sense is left alone', () => {
  const { measures } = bench();
  for (const body of ['', '{', '[]', 'null', '{"req_id":5}', '{"req_id":"x","m2":{"service":"long"}}']) {
    measures.told(composed({ subject: 'x', body }));
  }
  measures.close();
});

test.run();
