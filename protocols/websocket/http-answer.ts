/** What the HTTP side of a WebSocket listener answers, byte for byte as NATS servers do. */
import type { Malformed } from './request-head.ts';

const TEXT = 'Content-Type: text/plain; charset=utf-8';

export interface RefusalParts {
  /** `400 Bad Request` */
  readonly status: string;
  readonly minor: number;
  /** The client asked for the answer's head only. */
  readonly isHeadOnly: boolean;
  /** Whether the connection goes on, where the client would not know by itself; otherwise empty. */
  readonly connection: 'close' | 'keep-alive' | '';
  /** As HTTP writes dates. */
  readonly date: string;
}

/** No upgrade; the HTTP connection may go on. */
export function refusalAnswer({ status, minor, isHeadOnly, connection, date }: RefusalParts): string {
  const body = `${status.slice(status.indexOf(' ') + 1)}\n`;
  const lines = [
    `HTTP/1.${minor === 0 ? 0 : 1} ${status}`,
    TEXT,
    'Sec-Websocket-Version: 13',
    'X-Content-Type-Options: nosniff',
    `Date: ${date}`,
    `Content-Length: ${body.length}`,
    ...(connection === '' ? [] : [`Connection: ${connection}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${isHeadOnly ? '' : body}`;
}

/** To what is no request. */
export function malformedAnswer({ status, body }: Malformed): string {
  return `HTTP/1.1 ${status}\r\n${TEXT}\r\nConnection: close\r\n\r\n${body}`;
}

export interface UpgradeParts {
  readonly accept: string;
  readonly isCompressed: boolean;
  readonly isMaskless: boolean;
  /** Empty: none. */
  readonly subprotocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function upgradeAnswer({ accept, isCompressed, isMaskless, subprotocol, headers }: UpgradeParts): string {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  lines.push(`Sec-WebSocket-Accept: ${accept}`);
  if (isCompressed) {
    lines.push('Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover');
  }
  if (isMaskless) lines.push('Nats-No-Masking: true');
  if (subprotocol !== '') lines.push(`Sec-Websocket-Protocol: ${subprotocol}`);
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
