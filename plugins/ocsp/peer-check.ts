/** Whether those who vouch for a peer's certificates still do (`ocsp_peer`). */
import { createHash } from 'node:crypto';
import type { Log, Ports } from '../../kernel/plugin-api.ts';
import { readCertificate } from '../../protocols/x509/certificate.ts';
import type { CertificateStatus } from '../../protocols/x509/ocsp-response.ts';
import type { PeerOptions } from './contract.ts';
import { askResponders, isWebAddress } from './responder.ts';
import type { ResponseCache } from './response-cache.ts';
import { type Link, readStatus, staleness } from './status.ts';

export interface PeerCheckParts {
  readonly ports: Ports;
  readonly log: Log;
  readonly cache: ResponseCache;
}

export class PeerCheck {
  private readonly parts: PeerCheckParts;
  /** Many logins with one certificate ask once. */
  private readonly underWay = new Map<string, Promise<Uint8Array>>();

  constructor(parts: PeerCheckParts) {
    this.parts = parts;
  }

  async isAcceptable(chain: readonly Uint8Array[], options: PeerOptions): Promise<boolean> {
    const isGood = await this.isGood(chain, options);
    if (isGood || !options.warnsOnly) return isGood;
    this.parts.log.warn('a peer that is not OCSP valid is let in because of warn_only');
    return true;
  }

  private async isGood(chain: readonly Uint8Array[], options: PeerOptions): Promise<boolean> {
    try {
      for (const link of linksOf(chain)) if (!(await this.isGoodLink(link, options))) return false;
      return true;
    } catch (error) {
      this.parts.log.warn(`a peer's certificates cannot be checked: ${(error as Error).message}`);
      return false;
    }
  }

  private async isGoodLink(link: Link, options: PeerOptions): Promise<boolean> {
    const key = createHash('sha256').update(link.certificate.encoded).digest('base64');
    const known = this.cachedStatus(key, link, options);
    if (known.isCurrent) return isFine(known.status, options);
    const response = await this.fetch(key, link, options);
    if (response === null) return this.isAllowedUnseen(link, options, known.status);
    const now = this.parts.ports.clock.now();
    const status = readStatus(response, link, now);
    const reason = staleness(status, now, options);
    if (reason !== null) throw new Error(reason);
    this.parts.cache.put(key, { response, status: status.status });
    return isFine(status.status, options);
  }

  private cachedStatus(
    key: string,
    link: Link,
    options: PeerOptions,
  ): { isCurrent: boolean; status: CertificateStatus | null } {
    const { cache, ports } = this.parts;
    const nothing = { isCurrent: false, status: null };
    const cached = cache.get(key);
    if (cached === undefined) {
      cache.misses++;
      return nothing;
    }
    const now = ports.clock.now();
    try {
      const status = readStatus(cached.response, link, now);
      const isCurrent = staleness(status, now, options) === null;
      if (isCurrent) cache.hits++;
      else {
        cache.misses++;
        cache.expire(key);
      }
      return { isCurrent, status: status.status };
    } catch {
      // It came from a file that somebody changed, or from before the issuer changed its key.
      cache.misses++;
      cache.expire(key);
      return nothing;
    }
  }

  /** Null when nobody answers. */
  private async fetch(key: string, link: Link, { responderMs }: PeerOptions): Promise<Uint8Array | null> {
    const { ports, log } = this.parts;
    let asked = this.underWay.get(key);
    if (asked === undefined) {
      const urls = link.certificate.ocspUrls.filter(isWebAddress);
      asked = askResponders(link, urls, responderMs, ports).finally(() => this.underWay.delete(key));
      this.underWay.set(key, asked);
    }
    try {
      return await asked;
    } catch (error) {
      log.warn(`Attempt to obtain OCSP response from CA responder failed: ${(error as Error).message}`);
      return null;
    }
  }

  /** What was revoked stays so, whether anybody answers or not. */
  private isAllowedUnseen(_link: Link, options: PeerOptions, lastKnown: CertificateStatus | null): boolean {
    if (!options.allowsUnreachable || lastKnown === 'revoked') return false;
    this.parts.log.warn('a peer is let in although nobody tells its OCSP status, because of allow_when_ca_unreachable');
    return true;
  }
}

/** Those whose status can be asked for: the last certificate vouches for itself. */
function linksOf(chain: readonly Uint8Array[]): Link[] {
  const certificates = chain.map(readCertificate);
  return certificates.flatMap((certificate, index) => {
    const issuer = certificates[index + 1];
    const isAskable = certificate.ocspUrls.some(isWebAddress);
    return issuer === undefined || !isAskable ? [] : [{ certificate, issuer }];
  });
}

function isFine(status: CertificateStatus | null, { unknownIsGood }: PeerOptions): boolean {
  return status === 'good' || (status === 'unknown' && unknownIsGood);
}
