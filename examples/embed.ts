/** A broker as a part of your program: its options, its log, its errors, its end. */
import { connect } from '@nats-io/transport-node';
import { ConfigurationError, createServer, type ServerConfig } from 'gnatlet';

const config: ServerConfig = {
  host: '127.0.0.1',
  port: -1,
  server_name: 'embedded',
  max_payload: 65_536,
  mappings: { 'orders.*': 'eu.orders.$1' },
};

// Everything that is wrong is reported at once, by its key.
const mistaken = JSON.parse('{"max_payload": "64 kilobytes", "prot": 4222}') as ServerConfig;
try {
  await createServer(mistaken).start();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.log(`refused:\n${error.message}`);
}

const lines: string[] = [];
const broker = await createServer(config, { log: { info: (line) => void lines.push(line) } }).start();
console.log(lines.at(-1));

const client = await connect({ servers: broker.url! });
console.log(`${client.info!.server_name} takes ${client.info!.max_payload} bytes`);
const orders = client.subscribe('eu.>', { max: 1 });
client.publish('orders.42', 'a bicycle');
for await (const order of orders) console.log(`${order.subject}: ${order.string()}`);

await client.drain();
await broker.close();
