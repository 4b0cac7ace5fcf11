import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** What the fake does wrong with the message that comes after this many. */
export interface Fault {
  after: number;
  kind: 'lose' | 'double' | 'garble' | 'shorten';
}

export interface FakeBroker {
  port: number;
  close(): void;
}

/** Just enough of a broker to load: literal and one-token-wildcard subjects, queue groups, a PING now and then. */
export async function startFakeBroker(fault: Fault | null = null): Promise<FakeBroker> {
  const router = new Router(fault);
  const server: Server = createServer((socket) => serve(socket, router));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return { port: address.port, close: () => closeAll(server, router) };
}

interface Subscription {
  socket: Socket;
  pattern: RegExp;
  queue: string;
  sid: string;
}

const PING_EVERY = 1_000;

class Router {
  readonly sockets = new Set<Socket>();
  readonly #subscriptions: Subscription[] = [];
  readonly #fault: Fault | null;
  #messages = 0;
  #stored = 0;

  constructor(fault: Fault | null) {
    this.#fault = fault;
  }

  subscribe(socket: Socket, words: string[]): void {
    const [, subject, queueOrSid, sid] = words as [string, string, string, string | undefined];
    const pattern = new RegExp(`^${subject.replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`);
    this.#subscriptions.push({ socket, pattern, queue: sid === undefined ? '' : queueOrSid, sid: sid ?? queueOrSid });
  }

  publish(words: string[], payload: string): void {
    const subject = words[1]!;
    const reply = words.length === 4 ? `${words[2]} ` : '';
    this.#messages += 1;
    if (words[2]?.startsWith('_INBOX.') && subject.startsWith('bench.0')) this.#store(words[2]);
    else if (subject.startsWith('$JS.API.')) this.publish(['PUB', words[2]!, ''], '{"config":{}}');
    for (const { socket, sid } of this.#receivers(subject)) {
      if (this.#messages % PING_EVERY === 0) socket.write('PING\r\n');
      const frame = `MSG ${subject} ${sid} ${reply}${payload.length}\r\n${payload}\r\n`;
      socket.write(this.#messages === (this.#fault?.after ?? -1) + 1 ? spoil(frame, this.#fault!) : frame);
    }
  }

  /** One message for each, where it does nothing wrong. */
  #store(reply: string): void {
    this.#stored += this.#stored === this.#fault?.after ? 2 : 1;
    this.publish(['PUB', reply, ''], `{"stream":"BENCH","seq":${this.#stored}}`);
  }

  #receivers(subject: string): Subscription[] {
    const matching = this.#subscriptions.filter(({ pattern }) => pattern.test(subject));
    const group = matching.filter(({ queue }) => queue !== '');
    const chosen = group[this.#messages % Math.max(1, group.length)];
    return matching.filter((subscription) => subscription.queue === '' || subscription === chosen);
  }
}

function spoil(frame: string, fault: Fault): string {
  if (fault.kind === 'lose') return '';
  if (fault.kind === 'double') return frame + frame;
  return fault.kind === 'garble' ? frame.replace('abc', 'abd') : frame.replace('abc', 'ab');
}

function serve(socket: Socket, router: Router): void {
  router.sockets.add(socket);
  socket.setEncoding('latin1');
  socket.write('INFO {"server_id":"FAKE","max_payload":1048576}\r\n');
  let rest = '';
  socket.on('data', (text: string) => {
    socket.cork();
    rest = takeRequests(rest + text, socket, router);
    socket.uncork();
  });
  socket.on('error', () => {});
}

/** Handles each complete request, and answers what is left over. */
function takeRequests(text: string, socket: Socket, router: Router): string {
  let offset = 0;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', offset);
    if (lineEnd < 0) return text.slice(offset);
    const words = text.slice(offset, lineEnd).split(' ');
    let next = lineEnd + 2;
    if (words[0] === 'PUB') {
      const payloadEnd = next + Number(words.at(-1));
      if (payloadEnd + 2 > text.length) return text.slice(offset);
      router.publish(words, text.slice(next, payloadEnd));
      next = payloadEnd + 2;
    } else if (words[0] === 'SUB') router.subscribe(socket, words);
    else if (words[0] === 'PING') socket.write('PONG\r\n');
    offset = next;
  }
}

function closeAll(server: Server, router: Router): void {
  for (const socket of router.sockets) socket.destroy();
  server.close();
}
