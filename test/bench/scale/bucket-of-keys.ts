import { performance } from 'node:perf_hooks';
import { Latencies } from '../generator/latencies.ts';
import { latencyText } from '../units.ts';
import { type Figure, type FigureScript, figure, information } from './figure.ts';
import type { StreamClient } from './stream-client.ts';
import { store, withStreamServer } from './stream-server.ts';

const WATCH_MS_MAX = 1000;
const VALUE = 'x'.repeat(128);

/** A bucket of keys: one that is put, one that is got, and all of them watched. For others, name them with `--servers`. */
export const bucketOfKeys: FigureScript = {
  name: 'bucket-of-keys',
  async run(server, isQuick) {
    const keys = isQuick ? 10_000 : 100_000;
    return withStreamServer(server, async (_running, client) => {
      const config = { subjects: ['$KV.B.>'], max_msgs_per_subject: 5, allow_direct: true, allow_rollup_hdrs: true };
      await client.api('STREAM.CREATE.S', { name: 'S', storage: 'file', discard: 'new', deny_delete: true, ...config });
      await store(client, keys, keyOf, VALUE.length);
      return [
        await repeated('a key is put', keys, (key) => client.request(key, VALUE)),
        await repeated('a key is got', keys, (key) => client.request(`$JS.API.DIRECT.GET.S.${key}`)),
        await watched(client, keys),
      ];
    });
  },
};

const keyOf = (at: number): string => `$KV.B.key.${at}`;

async function repeated(what: string, keys: number, ask: (key: string) => Promise<string>): Promise<Figure> {
  const latencies = new Latencies();
  const rounds = Math.min(keys, 10_000);
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await ask(keyOf((round * 7919) % keys));
    if (round >= rounds / 5) latencies.add(performance.now() - startedAt);
  }
  const { p50Micros, p99Micros } = latencies.summary();
  return information(`${what}, of ${keys}`, `${latencyText(p50Micros)} median, ${latencyText(p99Micros)} p99`);
}

/** As clients watch: a consumer without acknowledgements that begins with the last of each. */
async function watched(client: StreamClient, keys: number): Promise<Figure> {
  client.write('SUB to 9\r\n');
  const from = client.messages;
  const startedAt = performance.now();
  const config = { name: 'W', deliver_subject: 'to', deliver_policy: 'last_per_subject', filter_subject: '$KV.B.>' };
  const more = { ack_policy: 'none', max_deliver: 1, mem_storage: true, num_replicas: 1, idle_heartbeat: 5e9 };
  await client.api('CONSUMER.CREATE.S.W.$KV.B.>', { stream_name: 'S', config: { ...config, ...more } });
  await client.until(() => client.messages - from >= keys);
  const took = performance.now() - startedAt;
  return figure(
    `all of ${keys} keys are watched`,
    `${took.toFixed(0)} ms`,
    `under ${WATCH_MS_MAX} ms`,
    took < WATCH_MS_MAX,
  );
}
