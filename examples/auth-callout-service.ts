/** A service that decides who may log in: your users stay where they are, in a database or behind an identity provider. */
import { Algorithms, encodeAuthorizationResponse, encodeUser, fromPublic } from '@nats-io/jwt';
import type { Msg } from '@nats-io/nats-core';
import { createAccount } from '@nats-io/nkeys';
import { connect } from '@nats-io/transport-node';
import { createServer } from 'gnatlet';

// Whoever holds this key makes users. Keep its seed where the service runs; the broker knows the public half only.
const issuer = createAccount();

const broker = await createServer({
  host: '127.0.0.1',
  port: -1,
  accounts: {
    AUTH: { users: [{ user: 'auth', password: 'secret' }] },
    APP: {},
  },
  authorization: {
    auth_callout: { issuer: issuer.getPublicKey(), account: 'AUTH', auth_users: ['auth'] },
  },
}).start();

/** What you would look up. */
const PASSWORDS: Record<string, string> = { ann: 'correct horse', bob: 'battery staple' };

interface Request {
  nats: {
    user_nkey: string;
    server_id: { id: string };
    connect_opts: { user?: string; pass?: string };
  };
}

async function decide({ nats: { user_nkey, server_id, connect_opts } }: Request): Promise<string> {
  const { user = '', pass } = connect_opts;
  const isKnown = Object.hasOwn(PASSWORDS, user) && PASSWORDS[user] === pass;
  const key = fromPublic(user_nkey);
  const options = { algorithm: Algorithms.v2 };
  const said = isKnown ? { jwt: await userToken(user, key) } : { error: `${user || 'nobody'} is not known here` };
  return encodeAuthorizationResponse(key, fromPublic(server_id.id), issuer, said, options);
}

/** Where the user belongs, what it may do, and for how long. */
function userToken(user: string, key: ReturnType<typeof fromPublic>): Promise<string> {
  const grants = { pub: { allow: [`from.${user}.>`], deny: [] }, sub: { allow: ['from.>', '_INBOX.>'], deny: [] } };
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return encodeUser(user, key, issuer, grants, { algorithm: Algorithms.v2, aud: 'APP', exp });
}

const service = await connect({ servers: broker.url!, user: 'auth', pass: 'secret' });
async function answer(message: Msg): Promise<void> {
  const [, claims = ''] = message.string().split('.');
  message.respond(await decide(JSON.parse(Buffer.from(claims, 'base64url').toString()) as Request));
}
service.subscribe('$SYS.REQ.USER.AUTH', { callback: (_error, message) => void answer(message) });
await service.flush();

const ann = await connect({ servers: broker.url!, user: 'ann', pass: 'correct horse' });
const news = ann.subscribe('from.>', { max: 1 });
ann.publish('from.ann.news', 'I am in');
for await (const message of news) console.log(`${message.subject}: ${message.string()}`);

await connect({ servers: broker.url!, user: 'eve', pass: 'guess' }).catch((error: Error) => console.log(error.message));

await ann.close();
await service.close();
await broker.close();
