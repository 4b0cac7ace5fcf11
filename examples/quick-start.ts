/** A broker, a client, a message. */
import { connect } from '@nats-io/transport-node';
import { createServer } from 'gnatlet';

const broker = await createServer({ host: '127.0.0.1', port: -1 }).start();
const client = await connect({ servers: broker.url! });

client.subscribe('greet.*', {
  callback: (_error, message) => void message.respond(`hello, ${message.subject.slice(6)}`),
});
const answer = await client.request('greet.world');
console.log(answer.string());

await client.close();
await broker.close();
