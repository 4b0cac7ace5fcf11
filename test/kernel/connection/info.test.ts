import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryPair } from '../../../kernel/ports/memory-network.ts';
import { BrokerBench, TestWire } from '../../kits/broker-bench.ts';

test('INFO tells a client from elsewhere its address', () => {
  const bench = new BrokerBench();
  const wire = new TestWire();
  wire.remote.host = '2001:db8::1';
  bench.broker.listener.accept(wire);
  const [connection] = bench.broker.connections.values();
  connection!.outbound.flush();
  assert.match(wire.text, /"client_id":1,"client_ip":"2001:db8::1"/);
});

test('INFO tells a client within the process no address, and neither does the monitor', () => {
  const bench = new BrokerBench();
  const [, far] = createMemoryPair({ clock: bench.ports.clock });
  bench.broker.listener.accept(far);
  const [connection] = bench.broker.connections.values();
  assert.is(connection!.clientIp, '');
  assert.is(bench.broker.infoFor(connection as never).client_ip, undefined);
});

test.run();
