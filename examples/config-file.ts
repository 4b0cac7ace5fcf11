/** A broker from a configuration file, as `gnatlet -c` starts it. Usage: node config-file.js broker.conf */
import { connect } from '@nats-io/transport-node';
import { createServer } from 'gnatlet';

const configFile = process.argv[2] ?? 'broker.conf';

// What stands beside the file takes the place of what stands in it.
const broker = await createServer({ configFile, port: -1 }).start();
const client = await connect({ servers: broker.url! });
console.log(`${client.info!.server_name} limits messages to ${client.info!.max_payload} bytes`);

await client.close();
await broker.close();
