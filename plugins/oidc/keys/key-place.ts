/** Where keys come from: a file, or a web server. */
import { Buffer } from 'node:buffer';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Clock, Disk } from '../../../kernel/plugin-api.ts';
import type { KeyOptions } from '../config/key-options.ts';

export interface KeyPlace {
  /** For messages. */
  readonly name: string;
  /** Throws an Error that ends a sentence which begins with the name. */
  load(signal: AbortSignal): Promise<Uint8Array>;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly disk: Disk;
}

export function placeOf(options: KeyOptions, surroundings: Surroundings): KeyPlace {
  return options.file === '' ? new KeyServer(options, surroundings) : new KeyFile(options, surroundings.disk);
}

class KeyFile implements KeyPlace {
  private readonly options: KeyOptions;
  private readonly disk: Disk;

  constructor(options: KeyOptions, disk: Disk) {
    this.options = options;
    this.disk = disk;
  }

  get name(): string {
    return this.options.file;
  }

  async load(): Promise<Uint8Array> {
    const { file, bytesMax } = this.options;
    const bytes = await this.disk.readFile(file).catch((cause: unknown) => {
      throw new Error(`could not be read: ${(cause as Error).message}`, { cause });
    });
    if (bytes.length > bytesMax) throw tooBig(bytesMax);
    return bytes;
  }
}

/** Asks once, follows nobody elsewhere, and takes no more than it is allowed to. */
class KeyServer implements KeyPlace {
  private readonly options: KeyOptions;
  private readonly clock: Clock;
  private readonly disk: Disk;

  constructor(options: KeyOptions, { clock, disk }: Surroundings) {
    this.options = options;
    this.clock = clock;
    this.disk = disk;
  }

  /** What stands behind a question mark may be a secret. */
  get name(): string {
    return this.options.url.replace(/[?#].*$/, '');
  }

  async load(signal: AbortSignal): Promise<Uint8Array> {
    const { timeoutMs, bytesMax } = this.options;
    const late = new AbortController();
    const timer = this.clock.after(timeoutMs, () => late.abort(new Error(`did not answer within ${timeoutMs} ms`)));
    const stop = (): void => late.abort(signal.reason);
    signal.addEventListener('abort', stop);
    try {
      return await bodyOf(await this.ask(late.signal), bytesMax);
    } catch (cause) {
      throw late.signal.aborted ? late.signal.reason : cause;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  private async ask(signal: AbortSignal): Promise<IncomingMessage> {
    const { authorityFile } = this.options;
    const url = new URL(this.options.url);
    const ca = authorityFile === '' ? undefined : Buffer.from(await this.disk.readFile(authorityFile));
    const settings = { signal, agent: false as const, headers: { accept: 'application/json' } };
    return new Promise((resolve, reject) => {
      const request = url.protocol === 'https:' ? requestSecure(url, { ...settings, ca }) : requestPlain(url, settings);
      request.on('error', (cause) => reject(new Error(`could not be asked: ${wordsOf(cause)}`, { cause })));
      request.on('response', resolve);
      request.end();
    });
  }
}

/** Several addresses may have been tried. */
function wordsOf(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(({ message }) => message).join('; ') : error.message;
}

async function bodyOf(response: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const { statusCode = 0 } = response;
  if (statusCode !== 200) {
    response.destroy();
    const isElsewhere = statusCode >= 300 && statusCode < 400;
    throw new Error(`answered ${statusCode}${isElsewhere ? ', a redirect, which is not followed' : ''}`);
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bytesMax) throw tooBig(bytesMax);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooBig(bytesMax: number): Error {
  return new Error(`has more bytes than "max_size" allows (${bytesMax})`);
}
