import { connect, headers } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DEFAULT_BROKER_OPTIONS } from '../../../kernel/broker-options.ts';
import { SILENT_LOG } from '../../../kernel/log.ts';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { Server } from '../../../kernel/server.ts';
import { plugin } from '../../../plugins/message-trace/index.ts';
import type { TraceReport } from './trace-bench.ts';

test('an official client reads the report of the message it published', async () => {
  const server = new Server({
    options: { ...DEFAULT_BROKER_OPTIONS, host: '127.0.0.1', port: -1 },
    plugins: [{ definition: plugin }],
    ports: systemPorts(),
    log: SILENT_LOG,
  });
  await server.start();
  const client = await connect({ servers: `127.0.0.1:${server.address?.port}`, name: 'shop' });
  const reports = client.subscribe('traces', { max: 1 });
  const orders = client.subscribe('orders.*', { queue: 'workers', max: 1 });
  const fields = headers();
  fields.set('Nats-Trace-Dest', 'traces');
  client.publish('orders.new', 'hi', { headers: fields });
  for await (const message of orders) assert.is(message.string(), 'hi');
  for await (const message of reports) {
    const { events, request } = message.json<TraceReport>();
    assert.equal(request.header, { 'Nats-Trace-Dest': ['traces'] });
    assert.equal(
      events.map(({ type, subj, sub, queue, name }) => [type, subj ?? sub, queue, name]),
      [
        ['in', 'orders.new', undefined, 'shop'],
        ['eg', 'orders.*', 'workers', 'shop'],
      ],
    );
  }
  await client.close();
  await server.close();
});

test.run();
