/**
 * A hub, and an edge that hangs on it: clients at the edge need no hub, and have it while it is there.
 *
 * Both run in this program, so that you can watch them. On machines of their own they are `nats-server.conf` files with the same keys;
 * plugins/leaf/README.md shows both, and how to make one small file of all that the edge needs.
 */
import { connect } from '@nats-io/transport-node';
import { createServer } from 'gnatlet';

// In the data centre. Leafs log in as users do, and join the account of their user.
const hub = await createServer({
  host: '127.0.0.1',
  port: -1,
  accounts: { FACTORY: { users: [{ user: 'edge', password: 'secret' }] } },
  leafnodes: { host: '127.0.0.1', port: -1 },
}).start();
const { host: leafAddress } = new URL(hub.urls.leafnodes[0]!);

// On a small machine behind a firewall: it dials, and nobody dials it. What is raw stays there.
const edge = await createServer({
  host: '127.0.0.1',
  port: -1,
  leafnodes: { remotes: [{ url: `nats-leaf://edge:secret@${leafAddress}`, deny_exports: 'raw.>' }] },
}).start();

const office = await connect({ servers: hub.url!, user: 'edge', pass: 'secret' });
const machine = await connect({ servers: edge.url! });

// What is asked at the hub is answered at the edge, as soon as the two have found each other.
machine.subscribe('temperature.read', { callback: (_error, question) => void question.respond('21.5') });
await machine.flush();
console.log(`hub asks: ${await askUntilAnswered('temperature.read')}`);

// What happens at the edge is heard at the hub, unless it is not to leave.
const heard = office.subscribe('*.vibration', { max: 1 });
await office.flush();
const publishing = setInterval(() => {
  machine.publish('raw.vibration', 'every single one');
  machine.publish('mean.vibration', '0.3');
}, 10);
for await (const message of heard) console.log(`hub hears: ${message.subject} ${message.string()}`);
clearInterval(publishing);

// Without the hub the edge goes on by itself.
await office.close();
await hub.close();
console.log(`edge asks: ${(await machine.request('temperature.read')).string()}`);

await machine.close();
await edge.close();

async function askUntilAnswered(subject: string): Promise<string> {
  for (;;) {
    const answer = await office.request(subject, '', { timeout: 1000 }).catch(() => null);
    if (answer !== null) return answer.string();
    await new Promise((later) => setTimeout(later, 10));
  }
}
