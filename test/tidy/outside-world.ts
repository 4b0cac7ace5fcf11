/**
 * Time, chance, wires and files come through the ports (kernel/ports), so that a test or a simulation can
 * own them. This finds code that goes around them.
 */
import { readImports } from './imports.ts';
import type { SourceFile } from './source-files.ts';
import type { Token } from './tokens.ts';

const WORLD_MODULES = new Set(
  'fs fs/promises net tls dns dns/promises dgram http https http2 worker_threads child_process cluster timers timers/promises perf_hooks'
    .split(' ')
    .map((name) => `node:${name}`),
);

const TIMER_WORDS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'performance']);
/** What a simulation cannot repeat, where everything runs in one. */
const UNREPEATABLE_WORDS = new Set(['WeakRef', 'FinalizationRegistry']);
/** What ends on another thread, at a time that nobody can repeat, where there is one that ends at once. */
const THREADED_WORDS =
  /^(hkdf|pbkdf2|scrypt|subtle|webcrypto|generateKey|generateKeyPair|deflate|inflate|deflateRaw|inflateRaw|gzip|gunzip|unzip|brotliCompress|brotliDecompress|create(Gzip|Gunzip|Deflate|Inflate|DeflateRaw|InflateRaw|Unzip|BrotliCompress|BrotliDecompress))$/;
const THREADED_MODULES = ['node:zlib', 'node:crypto'];
const SIMULATED_FOLDERS = ['plugins/jetstream/', 'plugins/raft/', 'storage-drivers/'];
const RANDOM_WORDS = /^(randomBytes|randomFill|randomFillSync|randomInt|randomUUID|getRandomValues)$/;

/** A folder or file, what it may use, and why. `*` stands for everything. */
interface Exception {
  path: string;
  uses: readonly string[];
  reason: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  { path: 'kernel/ports/', uses: ['*'], reason: 'the ports themselves' },
  { path: 'bin/', uses: ['*'], reason: 'the composition root meets the real world: files, signals, processes' },
  { path: 'test/', uses: ['*'], reason: 'tests stand outside and measure' },
  { path: 'examples/', uses: ['*'], reason: 'programs of users' },
  { path: 'plugins/tls/', uses: ['node:tls'], reason: 'TLS wraps a stream the port gave; the handshake is Node code' },
  {
    path: 'plugins/tls/file-check.ts',
    uses: ['node:fs'],
    reason: 'the files a block names are checked while the configuration is read, when there are no ports yet',
  },
  {
    path: 'plugins/auth/credentials/bcrypt-',
    uses: ['node:worker_threads'],
    reason: 'bcrypt is computed in another thread, which sees nothing of the world',
  },
  {
    path: 'plugins/operator/config/operator-token.ts',
    uses: ['node:fs'],
    reason: "an operator's token is part of the configuration, be it in a file of its own; there are no ports yet",
  },
  {
    path: 'plugins/resolver-url/',
    uses: ['node:http', 'node:https'],
    reason: 'asks web servers, also over TLS and by name: HTTP over streams of the port would be a client of our own',
  },
  {
    path: 'plugins/ocsp/responder.ts',
    uses: ['node:http', 'node:tls'],
    reason: 'speaks HTTP over streams the port gave',
  },
  {
    path: 'plugins/oidc/keys/',
    uses: ['node:http', 'node:https'],
    reason: 'asks identity providers, over TLS and by name: HTTP over streams of the port would be a client of our own',
  },
  { path: 'plugins/monitoring/', uses: ['node:http', 'node:https'], reason: 'speaks HTTP over streams the port gave' },
  { path: 'plugins/dashboard/page/', uses: ['*'], reason: 'runs in a browser, where there are no ports' },
  { path: 'plugins/metrics/metrics-port.ts', uses: ['node:http'], reason: 'speaks HTTP over streams the port gave' },
  {
    path: 'plugins/metrics/loop-delay.ts',
    uses: ['node:perf_hooks'],
    reason: 'how late the loop is is measured within Node; a simulation hands in a histogram of its own',
  },
  {
    path: 'plugins/metrics/process-meter.ts',
    uses: ['node:perf_hooks', 'performance'],
    reason: 'how busy the loop was is counted within Node; a simulation hands in a meter of its own',
  },
];

export function checkOutsideWorld(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const allowed = EXCEPTIONS.filter((exception) => file.path.startsWith(exception.path)).flatMap(({ uses }) => uses);
    if (allowed.includes('*')) return [];
    return usesOf(file)
      .filter((use) => !allowed.includes(use.what))
      .map((use) => `${file.path}:${use.line}: ${use.what} goes around the ports`);
  });
}

interface Use {
  what: string;
  line: number;
}

function usesOf(file: SourceFile): Use[] {
  const imports = readImports(file)
    .filter((found) => WORLD_MODULES.has(found.specifier) && !found.isTypeOnly)
    .map((found) => ({ what: found.specifier, line: found.line }));
  const isSimulated = SIMULATED_FOLDERS.some((folder) => file.path.startsWith(folder));
  const isThreaded = readImports(file).some(({ specifier }) => THREADED_MODULES.includes(specifier));
  const unrepeatable = isSimulated ? file.tokens.flatMap((_, index) => unrepeatableAt(file.tokens, index)) : [];
  if (isSimulated && isThreaded) unrepeatable.push(...file.tokens.flatMap(threadedAt));
  return [...imports, ...unrepeatable, ...file.tokens.flatMap((token, index) => globalAt(file.tokens, index, token))];
}

function unrepeatableAt(tokens: readonly Token[], index: number): Use[] {
  const { text, kind, line } = tokens[index]!;
  if (kind !== 'word') return [];
  if (UNREPEATABLE_WORDS.has(text)) return [{ what: text, line }];
  const isTimeout = text === 'AbortSignal' && tokens[index + 2]?.text === 'timeout';
  return isTimeout ? [{ what: 'AbortSignal.timeout', line }] : [];
}

function threadedAt({ text, kind, line }: Token): Use[] {
  return kind === 'word' && THREADED_WORDS.test(text) ? [{ what: text, line }] : [];
}

function globalAt(tokens: readonly Token[], index: number, token: Token): Use[] {
  if (token.kind !== 'word') return [];
  const what = globalName(tokens, index, token.text);
  return what === null ? [] : [{ what, line: token.line }];
}

function globalName(tokens: readonly Token[], index: number, word: string): string | null {
  const next = [1, 2, 3].map((step) => tokens[index + step]?.text ?? '');
  const isMember = tokens[index - 1]?.text === '.' && tokens[index - 2]?.text !== 'globalThis';
  if (RANDOM_WORDS.test(word) && next[0] === '(') return word;
  if (isMember) return null;
  if (word === 'Date' && next[0] === '.' && next[1] === 'now') return 'Date.now';
  if (word === 'new' && next[0] === 'Date' && (next[1] !== '(' || next[2] === ')')) return 'new Date()';
  if (word === 'Math' && next[0] === '.' && next[1] === 'random') return 'Math.random';
  if (word === 'process' && next[0] === '.' && next[1] === 'hrtime') return 'process.hrtime';
  // A property of that name, in a literal or a type, is nobody's timer.
  if (TIMER_WORDS.has(word) && next[0] !== ':' && next[0] !== '?') return word;
  return null;
}
