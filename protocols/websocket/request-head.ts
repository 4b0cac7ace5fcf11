/** The head of an HTTP request, as strict and as lenient as the server that NATS clients are used to. */

export interface RequestHead {
  readonly method: string;
  /** With its escapes, without query. */
  readonly path: string;
  readonly minor: number;
  /** By name in lower case: the values of all lines of that name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Bytes that follow and are no request; -1 when only the end of the connection ends them. */
  readonly bodyBytes: number;
}

/** What is answered to what is no request; the connection is closed then. */
export interface Malformed {
  readonly status: string;
  /** In place of the status. */
  readonly body: string;
}

export type HeadOutcome =
  | { readonly kind: 'more' }
  | { readonly kind: 'head'; readonly head: RequestHead; readonly length: number }
  | { readonly kind: 'malformed'; readonly malformed: Malformed };

export const TOO_LARGE = malformed('431 Request Header Fields Too Large');
export const BAD_REQUEST = malformed('400 Bad Request');

const MORE: HeadOutcome = { kind: 'more' };
const LINE_FEED = 0x0a;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const VERSION = /^HTTP\/(\d)\.(\d)$/;
const HOST = /^[A-Za-z0-9!$%&'()*+,\-.:;=[\]_~]*$/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/;

/** Reads the head at the beginning of what comes, looking at every line once however it comes. */
export class RequestHeadReader {
  private readonly lines: string[] = [];
  private at = 0;
  private searchedTo = 0;

  /** `bytes` is all that has come so far. A first line that is none is told at once. */
  read(bytes: Buffer): HeadOutcome {
    for (;;) {
      const feed = bytes.indexOf(LINE_FEED, this.searchedTo);
      if (feed < 0) {
        this.searchedTo = bytes.length;
        return MORE;
      }
      const line = bytes.toString('latin1', this.at, feed).replace(/\r$/, '');
      this.at = feed + 1;
      this.searchedTo = this.at;
      if (this.lines.length === 0 && !isRequestLine(line)) return { kind: 'malformed', malformed: BAD_REQUEST };
      if (line === '') return outcomeOf(this.lines, this.at);
      this.lines.push(line);
    }
  }
}

function isRequestLine(line: string): boolean {
  const [method, target, version] = partsOf(line);
  return TOKEN.test(method) && target !== '' && VERSION.test(version);
}

/** The target is all between the first two blanks. */
function partsOf(line: string): [method: string, target: string, version: string] {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  if (first < 0 || second < 0) return ['', '', ''];
  return [line.slice(0, first), line.slice(first + 1, second), line.slice(second + 1)];
}

function outcomeOf(lines: readonly string[], length: number): HeadOutcome {
  const [first = '', ...rest] = lines;
  const read = readHead(first, rest);
  return 'status' in read ? { kind: 'malformed', malformed: read } : { kind: 'head', head: read, length };
}

function readHead(first: string, lines: readonly string[]): RequestHead | Malformed {
  const [method, target, version] = partsOf(first);
  const [, major = '', minor = ''] = VERSION.exec(version) ?? [];
  const path = pathOf(target);
  if (path === null) return BAD_REQUEST;
  if (major !== '1') return malformed('505 HTTP Version Not Supported: unsupported protocol version');
  const headers = readHeaders(lines);
  if ('status' in headers) return headers;
  const wrong = checkHost(headers, Number(minor));
  if (wrong !== null) return wrong;
  const bodyBytes = bodyBytesOf(headers);
  if (typeof bodyBytes !== 'number') return bodyBytes;
  return { method, path, minor: Number(minor), headers, bodyBytes };
}

/** Null: not what a server can be asked for. */
function pathOf(target: string): string | null {
  if (CONTROL.test(target) || target.includes('\t')) return null;
  const path = target.replace(ABSOLUTE, '').replace(/\?.*$/s, '');
  const isAbsolute = path !== target && ABSOLUTE.test(target);
  if (path === '' && isAbsolute) return '/';
  if (path === '*') return path;
  return path.startsWith('/') && !BROKEN_ESCAPE.test(path) ? path : null;
}

/** By name in lower case. */
export function readHeaders(lines: readonly string[]): Map<string, string[]> | Malformed {
  const headers = new Map<string, string[]>();
  let last: string[] | null = null;
  for (const line of lines) {
    if (CONTROL.test(line)) return BAD_REQUEST;
    if (/^[ \t]/.test(line)) {
      // The line before goes on.
      if (last === null) return BAD_REQUEST;
      last.push(`${last.pop()} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) return BAD_REQUEST;
    const name = line.slice(0, colon);
    if (!TOKEN.test(name)) return malformed('400 Bad Request: invalid header name');
    last = headers.get(name.toLowerCase()) ?? [];
    headers.set(name.toLowerCase(), last);
    last.push(line.slice(colon + 1).trim());
  }
  return headers;
}

function checkHost(headers: ReadonlyMap<string, readonly string[]>, minor: number): Malformed | null {
  const hosts = headers.get('host') ?? [];
  if (hosts.length > 1) return BAD_REQUEST;
  if (hosts.length === 0 && minor > 0) return malformed('400 Bad Request: missing required Host header');
  return HOST.test(hosts[0] ?? '') ? null : malformed('400 Bad Request: malformed Host header');
}

function bodyBytesOf(headers: ReadonlyMap<string, readonly string[]>): number | Malformed {
  const codings = headers.get('transfer-encoding');
  if (codings !== undefined) {
    if (codings.length === 1 && codings[0]!.toLowerCase() === 'chunked') return -1;
    return { status: '501 Not Implemented', body: 'Unsupported transfer encoding' };
  }
  const lengths = headers.get('content-length') ?? ['0'];
  const isNumber = /^\d{1,15}$/.test(lengths[0]!) && lengths.every((length) => length === lengths[0]);
  return isNumber ? Number(lengths[0]) : BAD_REQUEST;
}

function malformed(status: string): Malformed {
  return { status, body: status };
}
