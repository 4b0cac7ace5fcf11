/** The request to the service: a token in which the server says who wants in, and what the client said. */
import { createHash } from 'node:crypto';
import { type Broker, isClient, NATS_VERSION } from '../../../kernel/plugin-api.ts';
import { textToSign, withSignature } from '../../../protocols/jwt/token.ts';
import { base32 } from '../../../protocols/nkeys/nkey-text.ts';
import type { Credentials, LoginAttempt } from '../../auth/contract.ts';
import type { Claimant, Delegation } from '../delegation.ts';
import { clientTls } from './client-tls.ts';

const AUDIENCE = 'nats-authorization-request';
const KINDS: Readonly<Record<string, string>> = { client: 'Client', leaf: 'Leafnode', mqtt: 'Client' };

export function composeRequest(delegation: Delegation, attempt: LoginAttempt, userKey: string, broker: Broker): string {
  const { identity, clock, options } = broker;
  const now = clock.now();
  const standard = {
    aud: AUDIENCE,
    exp: Math.floor((now + options.authTimeoutMs) / 1000),
    iat: Math.floor(now / 1000),
    iss: identity.id,
    sub: delegation.issuer,
  };
  const { aud, exp, ...rest } = standard;
  const signed = textToSign({
    aud,
    exp,
    jti: tokenId(standard),
    ...rest,
    nats: facts(delegation, attempt, userKey, broker),
  });
  return withSignature(signed, identity.sign(Buffer.from(signed)));
}

/** Nobody checks it, and everybody writes it in this way. */
export function tokenId(standard: object): string {
  return base32(createHash('sha512-256').update(JSON.stringify(standard)).digest());
}

/** What is undefined is left out. */
function facts({ xkey, claimant }: Delegation, attempt: LoginAttempt, userKey: string, broker: Broker): object {
  return {
    server_id: server(broker, xkey !== ''),
    user_nkey: userKey,
    client_info: client(attempt, claimant),
    connect_opts: connectOptions(claimant.credentials),
    client_tls: clientTls(attempt.connection.transport.tls),
    type: 'authorization_request',
    version: 2,
  };
}

function server(broker: Broker, isSealed: boolean): object {
  const { identity, options } = broker;
  // What only the program around the kernel reads is there as well.
  const { serverTags = [] } = options as { serverTags?: readonly string[] };
  return {
    name: broker.name,
    host: options.host,
    id: identity.id,
    version: NATS_VERSION,
    tags: unlessNone(serverTags),
    xkey: isSealed ? identity.xkey : undefined,
  };
}

function client({ connection, nonce }: LoginAttempt, { user, credentials, name, tags }: Claimant): object {
  return {
    host: unlessEmpty(connection.clientIp),
    id: connection.id,
    user: unlessEmpty(user),
    name: unlessEmpty(credentials.name),
    tags: unlessNone(tags),
    name_tag: unlessEmpty(name),
    kind: KINDS[connection.kindName] ?? connection.kindName,
    type: typeOf(connection),
    nonce: credentials.sig === '' ? undefined : unlessEmpty(nonce),
  };
}

/** Of clients only. */
function typeOf(connection: LoginAttempt['connection']): string | undefined {
  if (connection.kindName === 'mqtt') return 'mqtt';
  if (!isClient(connection)) return undefined;
  return connection.transport.kind === 'websocket' ? 'websocket' : 'nats';
}

function connectOptions(said: Credentials): object {
  const { jwt, nkey, sig, auth_token, user, pass, name, lang, version } = said;
  const texts = { jwt, nkey, sig, auth_token, user, pass, name, lang, version };
  return { ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')), protocol: said.protocol };
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function unlessNone(texts: readonly string[]): readonly string[] | undefined {
  return texts.length === 0 ? undefined : texts;
}
