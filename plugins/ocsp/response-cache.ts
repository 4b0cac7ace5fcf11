/** Responses about certificates of peers, so that not every login asks a responder. */
import { join } from 'node:path';
import type { Disk, Log } from '../../kernel/plugin-api.ts';
import type { CertificateStatus } from '../../protocols/x509/ocsp-response.ts';
import type { CacheOptions } from './config.ts';

export interface CachedResponse {
  readonly response: Uint8Array;
  readonly status: CertificateStatus;
}

/** The oldest make room. A response takes one or two KiB. */
export const RESPONSES_MAX = 10_000;
const FILE = 'responses.json';

export class ResponseCache {
  hits = 0;
  misses = 0;
  private readonly options: CacheOptions;
  private readonly entries = new Map<string, CachedResponse>();
  private isChanged = false;

  constructor(options: CacheOptions) {
    this.options = options;
  }

  /** By the fingerprint of the certificate. */
  get(key: string): CachedResponse | undefined {
    return this.entries.get(key);
  }

  put(key: string, entry: CachedResponse): void {
    if (!this.options.isLocal) return;
    this.entries.delete(key);
    this.entries.set(key, entry);
    this.isChanged = true;
    if (this.entries.size <= RESPONSES_MAX) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  /** It does not count any more. What says that a certificate was revoked may be kept: that does not change. */
  expire(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined || (entry.status === 'revoked' && this.options.keepsRevoked)) return;
    this.entries.delete(key);
    this.isChanged = true;
  }

  varz(): Readonly<Record<string, unknown>> {
    const count = (status: CertificateStatus): number => {
      let found = 0;
      for (const entry of this.entries.values()) if (entry.status === status) found++;
      return found;
    };
    return {
      cache_type: this.options.isLocal ? 'local' : 'none',
      cache_hits: this.hits || undefined,
      cache_misses: this.misses || undefined,
      cached_responses: this.entries.size || undefined,
      cached_revoked_responses: count('revoked') || undefined,
      cached_good_responses: count('good') || undefined,
      cached_unknown_responses: count('unknown') || undefined,
    };
  }

  /** What cannot be read is as good as nothing: the responders know it all. */
  async load(disk: Disk, log: Log): Promise<void> {
    if (!this.options.isLocal) return;
    const bytes = await disk.readFile(this.path).catch(() => null);
    if (bytes === null) return;
    try {
      const stored = JSON.parse(Buffer.from(bytes).toString()) as Record<
        string,
        { status: CertificateStatus; response: string }
      >;
      for (const [key, { status, response }] of Object.entries(stored)) {
        this.entries.set(key, { status, response: Buffer.from(response, 'base64') });
      }
      this.isChanged = false;
    } catch (error) {
      log.warn(`the OCSP responses in ${this.path} cannot be read, and are fetched again: ${(error as Error).message}`);
    }
  }

  async save(disk: Disk, log: Log): Promise<void> {
    if (!this.isChanged) return;
    this.isChanged = false;
    const stored = Object.fromEntries(
      [...this.entries].map(([key, { status, response }]) => [
        key,
        { status, response: Buffer.from(response).toString('base64') },
      ]),
    );
    try {
      await disk.makeDirectory(this.options.directory);
      await disk.writeFile(this.path, `${JSON.stringify(stored)}\n`);
    } catch (error) {
      this.isChanged = true;
      log.error(`the OCSP responses are not saved: ${(error as Error).message}`);
    }
  }

  private get path(): string {
    return join(this.options.directory, FILE);
  }
}
