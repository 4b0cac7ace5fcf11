/** A broker with two plugins of one's own. From npm they would stand in the configuration by their names. */
import { connect } from '@nats-io/transport-node';
import { createServer } from 'gnatlet';
import { plugin as authHmac } from './plugin-auth-hmac/index.ts';
import { signToken } from './plugin-auth-hmac/token.ts';
import { plugin as traffic } from './plugin-traffic/index.ts';

const secret = 'known to us and the broker';
const broker = await createServer(
  { host: '127.0.0.1', port: -1, auth_hmac: { secret, roles: { worker: {} } } },
  { plugins: ['auth', authHmac, traffic] },
).start();

const token = signToken(secret, { user: 'ann', role: 'worker', expiresAt: Date.now() + 60_000 });
const client = await connect({ servers: broker.url!, token });
client.publish('work', 'done');
const answer = await client.request('broker.traffic');
console.log(answer.string());
await client.close();

const stranger = connect({ servers: broker.url!, token: 'a guess', reconnect: false });
await stranger.catch((error: Error) => console.log(error.message));

await broker.close();
