/**
 * A broker with one client, done the plain way: walks what really came back along with what was sent, and says where
 * the two part. Where the broker may choose (the order among subscriptions, the member of a queue group) the model
 * follows what it chose. Texts have one character per byte.
 */
import { quoted } from '../../protocols/client/quoted.ts';
import { type Event, type Failure, parseJson } from './oracle.ts';

interface ModelSubscription {
  sid: string;
  subject: string;
  queue: string;
  delivered: number;
  max: number;
}

type Publish = Extract<Event, { kind: 'publish' }>;

const FAILURE_TEXT: Record<Failure, string> = {
  'unknown-operation': 'Unknown Protocol Operation',
  malformed: '',
  'line-too-long': 'maximum control line exceeded',
  'payload-too-large': 'Maximum Payload Violation',
};

const RESERVED_SUBJECT = /^(_GR_\..|\$GR\..|\$NRG\.)/s;
const RESERVED_REPLY = /^(_R_\.|\$JS\.ACK\..|_GR_\..|\$GR\..)/s;

export class ClientModel {
  isClosed = false;
  private readonly answers: string;
  private at = 0;
  private readonly isGuarded: boolean;
  private readonly options = {
    verbose: true,
    pedantic: true,
    echo: true,
    headers: false,
    no_responders: false,
    protocol: 0,
    new_account: false,
    account: '',
    user: '',
  };
  private readonly subscriptions = new Map<string, ModelSubscription>();
  private isConnected = false;
  private hadPong = false;

  /** A guarded broker lets in nobody but the user "u". */
  constructor(answers: string, isGuarded: boolean) {
    this.answers = answers;
    this.isGuarded = isGuarded;
  }

  /** Told of the first byte of all: a guarded broker goes no further than CONNECT before somebody is let in. */
  begin(byte: string): void {
    if (this.isGuarded && byte.toLowerCase() !== 'c') this.end('Authorization Violation');
  }

  /** Takes the answers to one event. */
  follow(event: Event): void {
    if (event.kind === 'connect') this.connect(event.json);
    else if (event.kind === 'ping') this.ping();
    else if (event.kind === 'subscribe') this.subscribe(event.subject, event.queue, event.sid);
    else if (event.kind === 'unsubscribe') this.unsubscribe(event.sid, event.max);
    else if (event.kind === 'publish') this.publish(event);
    else if (event.kind === 'error') this.isClosed = true;
    else if (event.kind === 'info') this.isClosed = !isObject(parseJson(event.json));
  }

  fail(failure: Failure): void {
    if (FAILURE_TEXT[failure] !== '') this.error(FAILURE_TEXT[failure]);
    this.isClosed = true;
  }

  expectEnd(): void {
    if (this.at < this.answers.length) this.refuse('nothing more');
  }

  private connect(json: string): void {
    const said = parseJson(json);
    if (said === undefined || (said !== null && !isObject(said)) || !this.merge(said ?? {})) {
      this.isClosed = true;
      return;
    }
    if (this.isConnected) this.subscriptions.clear();
    this.isConnected = true;
    this.settle();
  }

  /** The checks of CONNECT in their order. */
  private settle(): void {
    const { account, new_account, protocol, no_responders, headers, verbose, user } = this.options;
    const isRefused = this.isGuarded && user !== 'u';
    if (isRefused || account !== '' || new_account) this.end('Authorization Violation');
    else if (protocol !== 0 && protocol !== 1) this.end('invalid client protocol');
    else if (no_responders && !headers) this.end('no responders requires headers support');
    else if (verbose) this.take('+OK\r\n');
  }

  /** False when a member has the wrong type. */
  private merge(said: object): boolean {
    const options: Record<string, unknown> = this.options;
    for (const [name, value] of Object.entries(said)) {
      const key = name.toLowerCase();
      if (value === null) continue;
      if (key in OTHER_TYPES && typeof value !== OTHER_TYPES[key]) return false;
      if (!(key in options)) continue;
      if (typeof value !== typeof options[key]) return false;
      if (key === 'protocol' && !Number.isInteger(value)) return false;
      options[key] = value;
    }
    return true;
  }

  private ping(): void {
    this.take('PONG\r\n');
    if (this.hadPong || !this.isConnected) return;
    this.hadPong = true;
    if (this.options.protocol < 1) return;
    const end = this.answers.indexOf('\r\n', this.at);
    if (!this.answers.startsWith('INFO {', this.at) || end < 0) this.refuse('INFO');
    this.at = end + 2;
  }

  private subscribe(subject: string, queue: string, sid: string): void {
    if (queue === '_sys_') {
      this.error(`Permissions Violation for Subscription to ${quoted(subject)} using queue "_sys_"`);
      return;
    }
    if (!this.subscriptions.has(sid)) {
      if (!isPattern(subject)) {
        this.error('Invalid Subject');
        return;
      }
      this.subscriptions.set(sid, { sid, subject, queue, delivered: 0, max: 0 });
    }
    if (this.options.verbose) this.take('+OK\r\n');
  }

  private unsubscribe(sid: string, max: number): void {
    const subscription = this.subscriptions.get(sid);
    if (subscription !== undefined) {
      if (max > subscription.delivered) subscription.max = max;
      else this.subscriptions.delete(sid);
    }
    if (this.options.verbose) this.take('+OK\r\n');
  }

  private publish(message: Publish): void {
    const { subject, reply } = message;
    if (this.options.pedantic && !isLiteral(subject)) this.error('Invalid Publish Subject');
    if (RESERVED_SUBJECT.test(subject)) {
      this.error(`Permissions Violation for Publish to ${quoted(subject)}`);
    } else if (RESERVED_REPLY.test(reply)) {
      this.error(`Permissions Violation for Publish with Reply of ${quoted(reply)}`);
    } else {
      if (this.options.verbose) this.take('+OK\r\n');
      if (!this.deliver(message)) this.answerNobody(message);
    }
  }

  /** False when nobody got it. */
  private deliver(message: Publish): boolean {
    const waiting = this.options.echo ? this.matching(message.subject) : [];
    const groups = new Set(waiting.map(({ queue }) => queue).filter((queue) => queue !== ''));
    const plain = waiting.filter(({ queue }) => queue === '');
    let left = plain.length + groups.size;
    const isAny = left > 0;
    let candidates = waiting;
    for (; left > 0; left--) {
      const taken = candidates.find((each) => this.answers.startsWith(this.frameFor(each, message), this.at));
      if (taken === undefined) this.refuse(candidates.map((each) => this.frameFor(each, message)).join(' or '));
      this.take(this.frameFor(taken, message));
      this.count(taken);
      candidates = candidates.filter((each) => each !== taken && (taken.queue === '' || each.queue !== taken.queue));
    }
    return isAny;
  }

  private count(subscription: ModelSubscription): void {
    subscription.delivered++;
    if (subscription.max > 0 && subscription.delivered >= subscription.max) this.subscriptions.delete(subscription.sid);
  }

  private answerNobody({ subject, reply }: Publish): void {
    if (reply === '' || !this.options.no_responders) return;
    const listeners = this.matching(reply).filter(({ queue }) => queue === '');
    if (listeners.length === 0) return;
    const header = `NATS/1.0 503\r\nNats-Subject: ${subject}\r\n\r\n`;
    const frames = listeners.map(
      ({ sid }) => `HMSG ${reply} ${sid} ${header.length} ${header.length}\r\n${header}\r\n`,
    );
    const taken = frames.find((frame) => this.answers.startsWith(frame, this.at));
    if (taken === undefined) this.refuse(frames.join(' or '));
    this.take(taken);
  }

  private frameFor({ sid }: ModelSubscription, { subject, reply, sizes, header, body }: Publish): string {
    const start = `MSG ${subject} ${sid} ${reply === '' ? '' : `${reply} `}`;
    if (header === '') return `${start}${sizes}\r\n${body}\r\n`;
    if (this.options.headers) return `H${start}${sizes}\r\n${header}${body}\r\n`;
    return `${start}${body.length}\r\n${body}\r\n`;
  }

  private matching(subject: string): ModelSubscription[] {
    if (subject.split('.').includes('')) return [];
    return [...this.subscriptions.values()].filter((each) => matches(subject.split('.'), each.subject.split('.')));
  }

  private end(text: string): void {
    this.error(text);
    this.isClosed = true;
  }

  private error(text: string): void {
    this.take(`-ERR '${Buffer.from(text, 'utf8').toString('latin1')}'\r\n`);
  }

  private take(text: string): void {
    if (!this.answers.startsWith(text, this.at)) this.refuse(text);
    this.at += text.length;
  }

  private refuse(wanted: string): never {
    const found = this.answers.slice(this.at, this.at + wanted.length + 40);
    throw new Error(`expected ${JSON.stringify(wanted)}, but ${JSON.stringify(found)} came`);
  }
}

/** Members of CONNECT that mean nothing here, but must have their type. */
const OTHER_TYPES: Record<string, string> = {
  ...Object.fromEntries(
    ['name', 'lang', 'version', 'pass', 'auth_token', 'nkey', 'jwt', 'sig', 'proxy_sig'].map((name) => [
      name,
      'string',
    ]),
  ),
  tls_required: 'boolean',
};

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPattern(subject: string): boolean {
  const tokens = subject.split('.');
  return !tokens.includes('') && !tokens.slice(0, -1).includes('>');
}

function isLiteral(subject: string): boolean {
  return subject.split('.').every((token) => token !== '' && token !== '*' && token !== '>');
}

function matches(tokens: readonly string[], pattern: readonly string[]): boolean {
  for (let index = 0; index < pattern.length; index++) {
    if (pattern[index] === '>') return tokens.length > index;
    if (index >= tokens.length || (pattern[index] !== '*' && pattern[index] !== tokens[index])) return false;
  }
  return tokens.length === pattern.length;
}
