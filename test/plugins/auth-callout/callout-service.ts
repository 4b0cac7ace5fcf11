/** A callout service as somebody would write it: the official client, and the official tokens. */
import { Buffer } from 'node:buffer';
import { Algorithms, encodeAuthorizationResponse, encodeUser, type User } from '@nats-io/jwt';
import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { createAccount, createCurve, fromPublic } from '@nats-io/nkeys';
import { connect } from '@nats-io/transport-node';
import { textToSign, withSignature } from '../../../protocols/jwt/token.ts';
import { RawClient } from '../running-server.ts';

export const REQUEST_SUBJECT = '$SYS.REQ.USER.AUTH';

/** The keys of one service. */
export class ServiceKeys {
  readonly issuer = createAccount();
  readonly curve = createCurve();

  /** The block, for a service in the account AUTH that logs in as `service`. */
  block(more = ''): string {
    return `auth_callout { issuer: ${this.issuer.getPublicKey()}, account: AUTH, auth_users: [service]${more === '' ? '' : `, ${more}`} }`;
  }

  get sealed(): string {
    return `xkey: ${this.curve.getPublicKey()}`;
  }
}

/** A configuration with the accounts AUTH and APP. `inside` stands in the block `authorization`. */
export function configured(inside: string, more = ''): string {
  return `
    accounts { AUTH { users: [{user: service, password: service}, {user: insider, password: insider}] }, APP { users: [{user: u, password: p}] } ${more} }
    authorization { ${inside} }
  `;
}

export interface Request {
  /** The token as it came. */
  readonly token: string;
  readonly claims: RequestClaims;
  /** The user the answer has to be about. */
  readonly userKey: string;
  readonly serverId: string;
  readonly message: Msg;
}

export interface RequestClaims {
  readonly [claim: string]: unknown;
  readonly nats: {
    readonly user_nkey: string;
    readonly server_id: Record<string, unknown> & { readonly id: string };
    readonly client_info: Record<string, unknown>;
    readonly connect_opts: Record<string, unknown>;
    readonly [fact: string]: unknown;
  };
}

/** Undefined: no answer. Text is sealed where requests are; bytes are sent as they are. */
export type Answer = string | Uint8Array | undefined;

/** Runs beside what a test does, until `close`. */
export class CalloutService {
  readonly requests: Request[] = [];
  readonly connection: NatsConnection;
  private readonly keys: ServiceKeys;

  private constructor(connection: NatsConnection, keys: ServiceKeys) {
    this.connection = connection;
    this.keys = keys;
  }

  static async start(
    port: number,
    keys: ServiceKeys,
    answer: (request: Request) => Answer | Promise<Answer>,
  ): Promise<CalloutService> {
    const connection = await connect({ servers: `127.0.0.1:${port}`, user: 'service', pass: 'service' });
    const service = new CalloutService(connection, keys);
    connection.subscribe(REQUEST_SUBJECT, {
      callback: (_error, message) => void service.serve(message, answer),
    });
    await connection.flush();
    return service;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async serve(message: Msg, answer: (request: Request) => Answer | Promise<Answer>): Promise<void> {
    const server = message.headers?.get('Nats-Server-Xkey') ?? '';
    const bytes = server === '' ? message.data : this.keys.curve.open(message.data, server);
    const request = requestIn(new TextDecoder().decode(bytes!), message);
    this.requests.push(request);
    const said = await answer(request);
    if (said === undefined) return;
    if (typeof said !== 'string') message.respond(said);
    else message.respond(server === '' ? Buffer.from(said) : this.keys.curve.seal(Buffer.from(said), server));
  }
}

export function requestIn(token: string, message: Msg): Request {
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as RequestClaims;
  return { token, claims, userKey: claims.nats.user_nkey, serverId: claims.nats.server_id.id, message };
}

type Signer = ReturnType<typeof createAccount>;

/** What a token grants; also what a library would not write. */
export type Grants = Record<string, unknown>;

/** The token of the user a client is to be, in the account APP unless told. */
export function userToken(
  { userKey }: Request,
  issuer: Signer,
  grants: Grants = {},
  standard: { name?: string; aud?: string; exp?: number; nbf?: number } = {},
): Promise<string> {
  const { name = 'Bob', ...options } = standard;
  return encodeUser(name, fromPublic(userKey), issuer, grants as Partial<User>, {
    aud: 'APP',
    algorithm: Algorithms.v2,
    ...options,
  });
}

/** The answer that lets a client in as the user of that token, or does not. */
export function answerWith(
  { userKey, serverId }: Request,
  issuer: Signer,
  said: { jwt?: string; error?: string; issuer_account?: string },
): Promise<string> {
  const options = { algorithm: Algorithms.v2 };
  return encodeAuthorizationResponse(fromPublic(userKey), fromPublic(serverId), issuer, said, options);
}

/** Lets everybody in. */
export function admitting(keys: ServiceKeys): (request: Request) => Promise<string> {
  return async (request) => answerWith(request, keys.issuer, { jwt: await userToken(request, keys.issuer) });
}

/** A token with claims that a library would not write. */
export function forged(claims: object, signer: Signer): string {
  const text = textToSign({ iss: signer.getPublicKey(), ...claims });
  return withSignature(text, signer.sign(Buffer.from(text)));
}

export const REFUSED = "-ERR 'Authorization Violation'\r\n";

/** What a client with this CONNECT is told, INFO left out: up to its PONG, or to the end. */
export async function answerTo(port: number, said: object, more = ''): Promise<string> {
  const client = await RawClient.connect(port);
  await client.until(/INFO .*\r\n/);
  client.send(`CONNECT ${JSON.stringify({ verbose: false, pedantic: false, ...said })}\r\n${more}PING\r\n`);
  await client.until(/PONG\r\n|-ERR 'Auth.*\r\n/);
  client.socket.destroy();
  await client.untilClosed();
  return client.text.replace(/^INFO .*\r\n/, '');
}
