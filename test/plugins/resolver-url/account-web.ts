/** A web server that has tokens, and answers as a test wants it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface AccountWeb {
  readonly port: number;
  readonly requests: IncomingMessage[];
  /** For everything but the base. */
  answer: Answer;
  base: Answer;
  close(): Promise<void>;
}

export async function startWeb(secure?: {
  certificate: string;
  key: string;
  asksForCertificate?: boolean;
}): Promise<AccountWeb> {
  const requests: IncomingMessage[] = [];
  const listen: RequestListener = (request, response) => {
    requests.push(request);
    (request.url === '/a/' ? web.base : web.answer)(request, response);
  };
  const server: Server = secure === undefined ? createServer(listen) : createSecureServer(tlsOf(secure), listen);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const web: AccountWeb = {
    port: (server.address() as AddressInfo).port,
    requests,
    answer: status(404),
    base: status(200),
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return web;
}

function tlsOf({
  certificate,
  key,
  asksForCertificate,
}: {
  certificate: string;
  key: string;
  asksForCertificate?: boolean;
}): object {
  const read = (name: string): Buffer => readFileSync(join(TLS_FIXTURES, name));
  const ca = asksForCertificate === true ? { requestCert: true, rejectUnauthorized: true, ca: read('ca.pem') } : {};
  return { cert: read(certificate), key: read(key), ...ca };
}

export function status(code: number, body = '', headers: Record<string, string> = {}): Answer {
  return (_request, response) => void response.writeHead(code, headers).end(body);
}

export const SILENCE: Answer = () => {};
