import { performance } from 'node:perf_hooks';
import type { RunningServer } from '../running-server.ts';
import { memoryText } from '../units.ts';
import { type Figure, type FigureScript, figure } from './figure.ts';
import { longestWait } from './longest-wait.ts';
import { settledUsage } from './settle.ts';
import { StreamClient } from './stream-client.ts';
import { store, withStreamServer } from './stream-server.ts';

const MEMORY_MAX = 350 * 2 ** 20;
const WAIT_MS_MAX = 20;
const PARTS = 100;
const ROUNDS = 3;
/** Too many to look for one by one, and all of the first messages. */
const FIRST = Array.from({ length: 50 }, (_, at) => `s.*.${at}`);
const noLogin = (): object => ({});

type Work = (client: StreamClient, round: number, subjects: number) => Promise<unknown>;

/** What is asked of a stream with very many subjects, each of which takes long; meanwhile others ask something else. */
const WORKS: readonly [what: string, work: Work][] = [
  ['a consumer of one part in a hundred is made', (client, round) => make(client, `A${round}`, 's.7.*', 'all')],
  ['a consumer of all by a wildcard is made', (client, round) => make(client, `B${round}`, 's.*.*', 'all')],
  ['one that begins in the middle is made', (client, round) => make(client, `C${round}`, 's.*.*', 'by_start_sequence')],
  [
    'one that begins with the last of each is made',
    (client, round) => make(client, `D${round}`, 's.>', 'last_per_subject'),
  ],
  [
    'one that begins with the last of some subjects is made, which is far back',
    (client, round) => make(client, `F${round}`, FIRST, 'last'),
  ],
  ['one part in a hundred is read', (client, round, subjects) => read(client, `E${round}`, subjects)],
  [
    'a page of all subjects is told',
    (client) => client.api('STREAM.INFO.S', { subjects_filter: '>', offset: 500_000 }),
  ],
];

/** A stream in memory whose messages each have a subject of their own. */
export const manySubjects: FigureScript = {
  name: 'many-subjects',
  async run(server, isQuick) {
    const subjects = isQuick ? 100_000 : 1_000_000;
    return withStreamServer(server, async (running, client) => {
      await client.api('STREAM.CREATE.S', { name: 'S', subjects: ['s.>'], storage: 'memory' });
      await store(client, subjects, (at) => `s.${at % PARTS}.${at}`, 16);
      const { residentBytes } = await settledUsage(running.pid);
      const what = `memory with ${subjects} subjects in a stream`;
      const figures = [
        figure(what, memoryText(residentBytes), `under ${memoryText(MEMORY_MAX)}`, residentBytes < MEMORY_MAX),
      ];
      for (const [name, work] of WORKS) figures.push(await waited(running, name, subjects, work));
      return figures;
    });
  },
};

async function waited(running: RunningServer, name: string, subjects: number, work: Work): Promise<Figure> {
  let best = Number.POSITIVE_INFINITY;
  let took = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const client = await StreamClient.open(running);
    const startedAt = performance.now();
    best = Math.min(best, await longestWait(running, noLogin, async () => void (await work(client, round, subjects))));
    took = performance.now() - startedAt;
    client.close();
  }
  const measured = `${best.toFixed(1)} ms, of ${took.toFixed(0)} ms`;
  return figure(`longest wait while ${name}`, measured, `under ${WAIT_MS_MAX} ms`, best < WAIT_MS_MAX);
}

function make(client: StreamClient, name: string, filter: string | string[], policy: string): Promise<string> {
  const start = policy === 'by_start_sequence' ? { opt_start_seq: 50_000 } : {};
  const config = { name, filter_subjects: [filter].flat(), deliver_policy: policy, ack_policy: 'none', ...start };
  return client.api(`CONSUMER.CREATE.S.${name}`, { stream_name: 'S', config });
}

async function read(client: StreamClient, name: string, subjects: number): Promise<void> {
  client.write('SUB in 9\r\n');
  await make(client, name, 's.7.*', 'all');
  const body = JSON.stringify({ batch: subjects / PARTS, expires: 60e9 });
  client.write(`PUB $JS.API.CONSUMER.MSG.NEXT.S.${name} in ${body.length}\r\n${body}\r\n`);
  await client.until(() => client.messages >= subjects / PARTS);
}
