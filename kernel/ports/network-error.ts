import { hostAndPort } from './socket-address.ts';

const EXPLANATIONS: Record<string, string> = {
  EADDRINUSE: 'the address is in use by another process',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this process may not use that port',
  ENOTFOUND: 'the host name is unknown',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the other side cut the connection',
  ETIMEDOUT: 'no answer came in time',
  EHOSTUNREACH: 'there is no route to that host',
  ENETUNREACH: 'there is no route to that network',
};

/** Why a listener or a connection could not be had. `code` is the system's name for it, such as EADDRINUSE. */
export class NetworkError extends Error {
  readonly code: string;
  readonly host: string;
  readonly port: number;

  constructor(doing: 'listen' | 'accept' | 'connect', host: string, port: number, cause: Error) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const explanation = EXPLANATIONS[code] ?? cause.message;
    const preposition = doing === 'connect' ? 'to' : 'on';
    super(`cannot ${doing} ${preposition} ${hostAndPort(host, port)}: ${explanation}${code && ` (${code})`}`, {
      cause,
    });
    this.name = 'NetworkError';
    this.code = code;
    this.host = host;
    this.port = port;
  }
}
