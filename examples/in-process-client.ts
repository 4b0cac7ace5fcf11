/** The official client without a port, a socket or a network: for programs that talk to themselves. */
import { wsconnect } from '@nats-io/nats-core';
import { createServer } from 'gnatlet';

// No `port`, so nothing listens.
const broker = await createServer().start();
const client = await wsconnect({ ...broker.inProcess(), name: 'myself' });

const subscription = client.subscribe('thoughts', { max: 2 });
client.publish('thoughts', 'I publish');
client.publish('thoughts', 'therefore I am');
for await (const message of subscription) console.log(message.string());

// Anything else that speaks the protocol takes a stream.
const stream = broker.connect();
stream.once('data', (info: Buffer) => {
  console.log(String(info).slice(0, 4));
  stream.end();
});
await new Promise((resolve) => stream.once('close', resolve));

await client.close();
await broker.close();
