/** An identity provider on a port of this machine, which signs what a test wants and serves its keys as a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { certificate } from '../../fixtures/tls/certificates.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** What the fake clock of the tests begins with, in seconds. */
export const START = Date.UTC(2020, 0, 1) / 1000;
export const ISSUER = 'https://id.example/realms/test';
export const AUDIENCE = 'nats';

export interface TokenParts {
  claims?: Record<string, unknown>;
  header?: Partial<JWTHeaderParameters>;
  key?: SigningKey;
}

export class IdentityProvider {
  readonly keys: SigningKey[];
  readonly requests: IncomingMessage[] = [];
  /** Instead of the keys. */
  answer: Answer | null = null;
  private readonly server: Server;

  private constructor(keys: SigningKey[], server: Server) {
    this.keys = keys;
    this.server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.requests.push(request);
      (this.answer ?? ((_, to) => void to.end(this.keySet())))(request, response);
    });
  }

  static start(...keys: SigningKey[]): Promise<IdentityProvider> {
    return IdentityProvider.startOn(createServer(), keys);
  }

  /** Over TLS, with the certificate of the fixtures. */
  static startSecure(...keys: SigningKey[]): Promise<IdentityProvider> {
    return IdentityProvider.startOn(createSecureServer(certificate('server')), keys);
  }

  private static async startOn(server: Server, keys: SigningKey[]): Promise<IdentityProvider> {
    const provider = new IdentityProvider(keys, server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  get url(): string {
    const scheme = this.server instanceof SecureServer ? 'https' : 'http';
    return `${scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`;
  }

  keySet(): string {
    return JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) });
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** A token that is good for an hour, unless the parts say otherwise; a claim that is undefined is left out. */
export function token(key: SigningKey, { claims = {}, header = {} }: TokenParts = {}): Promise<string> {
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'ann', iat: START, exp: START + 3600, ...claims };
  const defined = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  return new SignJWT(defined)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey);
}

export function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
