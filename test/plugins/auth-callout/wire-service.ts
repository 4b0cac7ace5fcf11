/** A callout service on a wire the test holds, in a broker whose time moves when told. */
import { Buffer } from 'node:buffer';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { plugin } from '../../../plugins/auth-callout/index.ts';
import type { TestWire } from '../../kits/broker-bench.ts';
import { AuthBench, connectLine, until } from '../auth/auth-bench.ts';
import {
  answerWith,
  type Grants,
  type Request,
  type RequestClaims,
  type ServiceKeys,
  userToken,
} from './callout-service.ts';

export interface WireRequest {
  readonly subject: string;
  readonly reply: string;
  /** Empty without one. */
  readonly header: string;
  readonly body: Buffer;
}

export class WireBench {
  readonly bench: AuthBench;
  readonly service: TestWire;

  private constructor(bench: AuthBench, service: TestWire) {
    this.bench = bench;
    this.service = service;
  }

  /** With an operator, and as whom the service shows itself then. */
  static async start(
    text: string,
    operator?: PluginDefinition,
    login: object = { user: 'service', pass: 'service' },
  ): Promise<WireBench> {
    const bench = await AuthBench.start(
      text,
      plugin as PluginDefinition,
      ...(operator === undefined ? [] : [operator]),
    );
    const service = await bench.client(
      `${connectLine({ ...login, headers: true })}SUB $SYS.REQ.USER.AUTH 1\r\nPING\r\n`,
    );
    await until(() => service.text.includes('PONG\r\n'));
    service.clear();
    return new WireBench(bench, service);
  }

  /** A client that waits for the service, and what the service was asked. */
  async ask(said: object): Promise<{ client: TestWire; request: WireRequest }> {
    this.service.clear();
    const client = await this.bench.client(`${connectLine(said)}PING\r\n`);
    await until(() => requestsIn(this.service).length > 0);
    return { client, request: requestsIn(this.service)[0]! };
  }

  answer({ reply }: WireRequest, body: string | Uint8Array): void {
    const bytes = Buffer.from(body as string);
    this.service.input(Buffer.concat([Buffer.from(`PUB ${reply} ${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]));
  }

  get pending(): number {
    return this.bench.server.broker.statistics().more['auth-callout.pending']!;
  }

  /** Lines of the log from the plugin, without their level. */
  get warnings(): string[] {
    const lines = this.bench.log.filter((line) => line.startsWith('warn '));
    return lines.map((line) => line.slice(5)).filter((line) => !line.startsWith('Plaintext'));
  }

  close(): Promise<unknown> {
    return this.bench.server.close();
  }
}

/** All that came whole. */
export function requestsIn(wire: { readonly received: readonly Buffer[] }): WireRequest[] {
  const requests: WireRequest[] = [];
  let rest = Buffer.concat(wire.received);
  for (;;) {
    const match = /^(H?)MSG (\S+) \d+ (\S+) (?:(\d+) )?(\d+)\r\n/.exec(rest.toString('latin1'));
    if (match === null) return requests;
    const [line, , subject = '', reply = '', header = '0', total = '0'] = match;
    const whole = rest.subarray(line.length, line.length + Number(total));
    const body = Buffer.from(whole.subarray(Number(header)));
    requests.push({ subject, reply, header: whole.subarray(0, Number(header)).toString(), body });
    rest = rest.subarray(line.length + Number(total) + 2);
  }
}

export function claimsIn(token: string | Uint8Array): RequestClaims {
  const payload = Buffer.from(token as string)
    .toString()
    .split('.')[1]!;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as RequestClaims;
}

export function asRequest({ body }: WireRequest): Request {
  const claims = claimsIn(body);
  const { user_nkey: userKey, server_id: server } = claims.nats;
  return { token: body.toString(), claims, userKey, serverId: server.id, message: null as never };
}

/** An answer that lets the client in. */
export async function admission(request: WireRequest, keys: ServiceKeys, grants: Grants = {}): Promise<string> {
  const asked = asRequest(request);
  return answerWith(asked, keys.issuer, { jwt: await userToken(asked, keys.issuer, grants) });
}
