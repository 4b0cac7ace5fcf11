/** Writes trace lines: `<<- [SUB foo 1]` for what came in, `->> [PONG]` for what goes out, payloads on lines of their own. */
import { quoted } from '../../protocols/client/quoted.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { Connection } from '../connection/connection.ts';
import type { Tracer } from '../connection/tracer.ts';
import type { Log } from '../log.ts';
import type { Message } from '../routing/message.ts';
import type { Subscription } from '../routing/subscription.ts';

export interface TraceOptions {
  /** How much of a payload is shown. 0: all. */
  readonly payloadBytesMax: number;
  readonly showsHeadersOnly: boolean;
}

const HEADER_END_BYTES = 4;

export class ProtocolTracer implements Tracer {
  private readonly log: Pick<Log, 'trace'>;
  private readonly options: TraceOptions;

  constructor(log: Pick<Log, 'trace'>, options: TraceOptions) {
    this.log = log;
    this.options = options;
  }

  input(connection: Connection, verb: string, ...words: string[]): void {
    this.say(connection, `<<- [${[verb, ...words].filter((word) => word !== '').join(' ')}]`);
  }

  output(connection: Connection, text: string): void {
    this.say(connection, `->> [${text}]`);
  }

  connect(connection: Connection, json: string): void {
    this.say(connection, `<<- [CONNECT ${withoutSecrets(json)}]`);
  }

  unsubscribed(connection: Connection, sid: string): void {
    this.say(connection, `<-> [DELSUB ${sid}]`);
  }

  publish(client: ClientConnection, message: Message): void {
    const hasHeader = message.headerLength > 0;
    // As it was written, spaces and all.
    const words = message.bytes.toString('latin1', message.subjectStart, message.sizesEnd);
    this.input(client, hasHeader ? 'HPUB' : 'PUB', words);
    this.payload(client, '<<-', message, hasHeader);
  }

  delivery(client: ClientConnection, subscription: Subscription, message: Message): void {
    const hasHeader = message.headerLength > 0 && client.takesHeaders;
    const words = [message.subject, subscription.sid, replyOf(message), sizesOf(message, hasHeader)];
    this.output(client, [hasHeader ? 'HMSG' : 'MSG', ...words].filter((word) => word !== '').join(' '));
    this.payload(client, '->>', message, hasHeader);
  }

  private payload(client: ClientConnection, arrow: string, message: Message, hasHeader: boolean): void {
    const { payloadBytesMax, showsHeadersOnly } = this.options;
    if (showsHeadersOnly && !hasHeader) return;
    const from = hasHeader ? message.headerStart : message.bodyStart;
    // The empty line behind the headers is left out.
    const to = showsHeadersOnly ? message.bodyStart - HEADER_END_BYTES : message.bodyEnd;
    if (from >= to) return;
    const isCut = payloadBytesMax > 0 && to - from > payloadBytesMax;
    const shown = quoted(message.bytes.toString('latin1', from, isCut ? from + payloadBytesMax : to));
    this.say(client, `${arrow} MSG_PAYLOAD: [${isCut ? `${shown.slice(0, -1)}..."` : shown}]`);
  }

  private say(connection: Connection, text: string): void {
    this.log.trace(`${connection.label} - ${text}`);
  }
}

function replyOf(message: Message): string {
  return message.hasReply ? message.reply : '';
}

function sizesOf({ headerStart, bodyStart, bodyEnd }: Message, hasHeader: boolean): string {
  return hasHeader ? `${bodyStart - headerStart} ${bodyEnd - headerStart}` : String(bodyEnd - bodyStart);
}

/** Values of these keys never reach the log. A token may be one that lets in whoever has it. */
const SECRET_KEY = /^(pass.*|auth_token|jwt|nkey|sig|proxy_sig)$/i;
const SECRET = /("(?:pass[^"\\]*|auth_token|jwt|nkey|sig|proxy_sig)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}]+)/gi;
const MASK = '[REDACTED]';

/** The text stays as it was written, except where a key may hide behind escapes. */
export function withoutSecrets(json: string): string {
  return json.includes('\\u') ? rewritten(json) : json.replace(SECRET, `$1"${MASK}"`);
}

function rewritten(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), (key, value: unknown) => (SECRET_KEY.test(key) ? MASK : value));
  } catch {
    return MASK;
  }
}
