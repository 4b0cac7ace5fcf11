/** A broker that says all it can (debug, verbose trace, events, monitor), and a look for secrets in everything it said. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { RawWebSocket } from '../plugins/websocket/raw-websocket.ts';
import { BrokerProcess, Folder, RawClient } from './broker-process.ts';

const PATHS = [
  '/',
  '/varz',
  '/connz?subs=detail&auth=1&state=any&limit=1000',
  '/subsz?subs=1&limit=1000',
  '/accountz',
  '/accountz?acc=APP',
  '/accstatz?unused=1',
  '/healthz?details=true',
  '/routez',
  '/gatewayz',
  '/leafz',
  '/jsz',
  '/metrics',
  '/nothing',
];

const QUESTIONS = ['VARZ', 'CONNZ', 'SUBSZ', 'ACCOUNTZ', 'STATSZ', 'HEALTHZ', 'IDZ'];

export interface HuntParts {
  readonly config: string;
  readonly words?: readonly string[];
  readonly format: 'text' | 'json';
  /** How the system account's user logs in; null where nobody can. */
  readonly admin: object | null;
}

export class SecretHunt {
  readonly folder = new Folder();
  readonly broker: BrokerProcess;
  private readonly admin: RawClient | null;
  private readonly heard: string[] = [];

  private constructor(folder: Folder, broker: BrokerProcess, admin: RawClient | null) {
    this.folder = folder;
    this.broker = broker;
    this.admin = admin;
  }

  static async start({ config, words = [], format, admin }: HuntParts): Promise<SecretHunt> {
    const folder = new Folder();
    const text = `log_format: ${format}\nhttp: "127.0.0.1:-1"\nplugins: auto\n${config}\n`;
    folder.write('a.conf', text);
    const broker = await BrokerProcess.start(['-DVV', ...words, '-c', 'a.conf'], folder.path);
    const listener = admin === null ? null : await RawClient.connect(broker.port);
    const hunt = new SecretHunt(folder, broker, listener);
    await listener?.ask(
      `CONNECT ${JSON.stringify({ verbose: false, ...admin })}\r\nSUB $SYS.> 1\r\nPING\r\n`,
      'PONG\r\n',
    );
    return hunt;
  }

  /** Says this as the first thing, and waits for the answer or the end. */
  async say(text: string): Promise<void> {
    using client = await RawClient.connect(this.broker.port);
    client.send(`${text}\r\nPUB a 1\r\nx\r\nPING\r\n`);
    await Promise.race([client.received.until('PONG\r\n'), client.closed()]);
    this.heard.push(client.received.text);
  }

  /** A login with this in its CONNECT, then the same with a mistake in its verb, its JSON and its types. */
  async login(said: Record<string, unknown>): Promise<void> {
    const json = JSON.stringify({ verbose: false, pedantic: false, name: 'app', lang: 'go', version: '1', ...said });
    const inner = json.slice(1, -1);
    await this.say(`CONNECT ${json}`);
    for (const key of Object.keys(said)) await this.say(`CONNECT {${inner},"${key}2":"x","verbose":"no"}`);
    await this.say(`CONNECT {"verbose":false,${inner}`);
    await this.say(`CONECT ${json}`);
    await this.say(`connect${json.replaceAll(':', ' : ')}`);
    await this.say(
      `CONNECT ${JSON.stringify(Object.fromEntries(Object.entries(said).map(([key, value]) => [key, [value]])))}`,
    );
  }

  get webPort(): number {
    return Number(/Listening for websocket clients on wss?:\/\/[^\s:]+:(\d+)/.exec(this.broker.err.text)![1]);
  }

  async web(headers: readonly string[], path = '/', said = '{"verbose":false}'): Promise<void> {
    const socket = await RawWebSocket.open(this.webPort, { headers, path });
    if (socket.head.includes(' 101 ')) {
      socket.send(`CONNECT ${said}\r\nPING\r\n`);
      await socket.until(/PONG\r\n|-ERR '.*'/).catch(() => {});
      this.heard.push(socket.stream);
    }
    this.heard.push(socket.head);
    socket.close();
  }

  async reload(config: string): Promise<void> {
    this.folder.write('a.conf', config);
    this.heard.push(await this.broker.signal('SIGHUP', 'eload'));
    await this.broker.err.until('server configuration', this.broker.err.text.lastIndexOf('hangup'));
  }

  /** Looks everywhere, ends the broker, and looks at what it said last. */
  async findNone(secrets: readonly string[]): Promise<void> {
    const places = new Map<string, string>();
    const monitor = /Starting http monitor on (\S+?)["\n]/.exec(`${this.broker.err.text}\n`)![1];
    for (const path of PATHS) {
      for (const secret of ['', ...secrets.slice(0, 1)]) {
        const url = `http://${monitor}${path}${secret === '' ? '' : `${path.includes('?') ? '&' : '?'}token=${encodeURIComponent(secret)}`}`;
        places.set(url.replace(/token=.*/, 'token=...'), await (await fetch(url)).text());
      }
    }
    await this.ask();
    places.set('events', this.admin?.received.text ?? '');
    places.set('what clients are told', this.heard.join('\n'));
    if (process.platform === 'linux') {
      places.set('the command line', readFileSync(`/proc/${this.broker.pid}/cmdline`, 'utf8'));
    }
    this.broker.child.kill('SIGTERM');
    await this.broker.ended();
    places.set('the log', this.broker.err.text);
    for (const [place, text] of places) {
      for (const secret of secrets)
        assert.not.ok(text.includes(secret), `${secret} in ${place}:\n${around(text, secret)}`);
    }
  }

  private async ask(): Promise<void> {
    if (this.admin === null) return;
    for (const [at, question] of QUESTIONS.entries()) {
      const body = '{"auth":true,"subscriptions":true}';
      this.admin.send(`SUB answers.${question} ${at + 2}\r\n`);
      this.admin.send(`PUB $SYS.REQ.SERVER.PING.${question} answers.${question} ${body.length}\r\n${body}\r\n`);
      await this.admin.received.until(`MSG answers.${question} `);
    }
    await this.admin.ask('PING\r\n', 'PONG\r\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin?.[Symbol.dispose]();
    await this.broker[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

function around(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 300), at + secret.length + 100);
}
