/**
 * What a stretch of client bytes means, read the plain way: the whole text at once, one pattern per rule. It shares
 * nothing with the parser it judges. Texts have one character per byte.
 */
export interface Rules {
  lineMax: number;
  payloadMax: number;
  takesHeaders: boolean;
}

export type Failure = 'unknown-operation' | 'malformed' | 'line-too-long' | 'payload-too-large';

export type Event =
  | { kind: 'connect' | 'info' | 'error'; json: string }
  | { kind: 'ping' | 'pong' }
  | { kind: 'subscribe'; subject: string; queue: string; sid: string }
  | { kind: 'unsubscribe'; sid: string; max: number }
  | { kind: 'publish'; subject: string; reply: string; sizes: string; header: string; body: string };

export interface Reading {
  events: Event[];
  failure: Failure | null;
  /** How many bytes belong to complete frames. */
  used: number;
  /** From here on a server may do as it likes: a line that means nothing is longer than any line should be. */
  isUndecided: boolean;
}

const VERB = /connect|info|ping|pong|pub|hpub|sub|unsub|\+ok|-err/iy;
const VERBS = ['connect', 'info', 'ping', 'pong', 'pub', 'hpub', 'sub', 'unsub', '+ok', '-err'];
const BLANKS = /[ \t]*/y;
const SIZE = /^[0-9]{1,9}$/;

export function readStream(text: string, rules: Rules): Reading {
  const reader = new StreamReader(text, rules);
  while (reader.frame());
  return reader.reading;
}

class StreamReader {
  readonly reading: Reading = { events: [], failure: null, used: 0, isUndecided: false };
  private readonly text: string;
  private readonly rules: Rules;
  private takesHeaders: boolean;

  constructor(text: string, rules: Rules) {
    this.text = text;
    this.rules = rules;
    this.takesHeaders = rules.takesHeaders;
  }

  /** Reads one frame; false when there is no further one. */
  frame(): boolean {
    const from = this.reading.used;
    if (from >= this.text.length) return false;
    const verb = matchAt(VERB, this.text, from)?.toLowerCase();
    if (verb === undefined) return this.isVerbBegun(from) ? false : this.fail('unknown-operation');
    const end = from + verb.length;
    if (verb === 'ping' || verb === 'pong' || verb === '+ok') return this.bareLine(verb, end);
    const start = end + (matchAt(BLANKS, this.text, end) ?? '').length;
    if (start === end && verb !== 'connect' && verb !== 'info') {
      return end < this.text.length ? this.fail('unknown-operation') : false;
    }
    const lineFeed = this.text.indexOf('\n', start);
    if (lineFeed < 0) return this.unfinishedLine(start);
    const argument = this.text.slice(start, lineFeed).replace(/\r$/, '');
    if (argument.length > this.rules.lineMax) return this.fail('line-too-long');
    return this.line(verb, argument, lineFeed + 1);
  }

  private isVerbBegun(from: number): boolean {
    const rest = this.text.slice(from).toLowerCase();
    return VERBS.some((verb) => verb.startsWith(rest));
  }

  private bareLine(verb: string, end: number): boolean {
    const lineFeed = this.text.indexOf('\n', end);
    const length = (lineFeed < 0 ? this.text.length : lineFeed) - end;
    if (length >= this.rules.lineMax) {
      this.reading.isUndecided = true;
      return false;
    }
    if (lineFeed < 0) return false;
    if (verb !== '+ok') this.reading.events.push({ kind: verb === 'ping' ? 'ping' : 'pong' });
    return this.advance(lineFeed + 1);
  }

  private unfinishedLine(start: number): boolean {
    const length = this.text.slice(start).replace(/\r$/, '').length;
    return length > this.rules.lineMax ? this.fail('line-too-long') : false;
  }

  private line(verb: string, argument: string, next: number): boolean {
    if (verb === 'connect' || verb === 'info' || verb === '-err') return this.jsonLine(verb, argument, next);
    const words = argument.split(/[ \t]+/).filter((word) => word !== '');
    if (verb === 'sub') return this.subscribe(words, next);
    if (verb === 'unsub') return this.unsubscribe(words, next);
    return this.publish(words, verb === 'hpub' ? 2 : 1, next);
  }

  private jsonLine(verb: string, argument: string, next: number): boolean {
    const json = Buffer.from(argument, 'latin1').toString('utf8');
    this.reading.events.push({ kind: verb === '-err' ? 'error' : (verb as 'connect' | 'info'), json });
    if (verb === 'connect') this.takesHeaders = headersAfter(json, this.takesHeaders);
    this.advance(next);
    return verb !== '-err';
  }

  private subscribe(words: readonly string[], next: number): boolean {
    if (words.length !== 2 && words.length !== 3) return this.fail('malformed');
    const [subject, queue, sid] = words.length === 3 ? words : [words[0], '', words[1]];
    this.reading.events.push({ kind: 'subscribe', subject, queue, sid });
    return this.advance(next);
  }

  private unsubscribe(words: readonly string[], next: number): boolean {
    if (words.length !== 1 && words.length !== 2) return this.fail('malformed');
    const max = SIZE.test(words[1] ?? '') ? Number(words[1]) : 0;
    this.reading.events.push({ kind: 'unsubscribe', sid: words[0], max });
    return this.advance(next);
  }

  private publish(words: readonly string[], sizeCount: number, next: number): boolean {
    if (words.length !== 1 + sizeCount && words.length !== 2 + sizeCount) return this.fail('malformed');
    if (sizeCount === 2 && !this.takesHeaders) return this.fail('malformed');
    const sizes = words.slice(-sizeCount);
    if (!sizes.every((size) => SIZE.test(size))) return this.fail('malformed');
    const total = Number(sizes.at(-1));
    const headerLength = sizeCount === 2 ? Number(sizes[0]) : 0;
    if (headerLength > total) return this.fail('malformed');
    if (total > this.rules.payloadMax) return this.fail('payload-too-large');
    const end = next + total;
    if (this.text.length < end + 2) return false;
    if (this.text.slice(end, end + 2) !== '\r\n') return this.fail('unknown-operation');
    this.reading.events.push({
      kind: 'publish',
      subject: words[0],
      reply: words.length === 2 + sizeCount ? words[1] : '',
      sizes: headerLength === 0 ? sizes[sizeCount - 1] : sizes.join(' '),
      header: this.text.slice(next, next + headerLength),
      body: this.text.slice(next + headerLength, end),
    });
    return this.advance(end + 2);
  }

  private advance(next: number): true {
    this.reading.used = next;
    return true;
  }

  private fail(failure: Failure): false {
    this.reading.failure = failure;
    return false;
  }
}

/** What a CONNECT does to the welcome of headers, as far as the parser is concerned. */
export function headersAfter(json: string, before: boolean): boolean {
  let after = before;
  for (const [name, value] of Object.entries(parseJson(json) ?? {})) {
    if (name.toLowerCase() === 'headers' && typeof value === 'boolean') after = value;
  }
  return after;
}

/** Undefined where the text is no JSON. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
