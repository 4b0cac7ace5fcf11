/** Whether issuers still stand by certificates: those the broker serves, and those its peers show. */
import { createHash } from 'node:crypto';
import { type Disposer, definePlugin, type PluginContext } from '../../kernel/plugin-api.ts';
import { readCertificate } from '../../protocols/x509/certificate.ts';
import { type OcspConfig, ocspSchema, reloadRule, type StapleOptions } from './config.ts';
import type { CertificateStatuses, ServedCertificate } from './contract.ts';
import { PeerCheck } from './peer-check.ts';
import { ResponseCache } from './response-cache.ts';
import { Staple } from './staple.ts';
import { linkOf } from './status.ts';

type Context = PluginContext<OcspConfig>;

export const plugin = definePlugin<OcspConfig, Statuses>({
  name: 'ocsp',
  version: '1.0.0',
  api: [1],
  summary: 'Shows and checks whether certificates were revoked',
  provides: [
    { name: 'tls.statuses', cardinality: 'one' },
    { name: 'monitor.section', cardinality: 'chain' },
  ],
  config: { key: 'ocsp', also: [{ key: 'ocsp_cache' }], schema: ocspSchema, live: reloadRule },

  register(ctx) {
    const statuses = new Statuses(ctx);
    ctx.provide('tls.statuses', statuses satisfies CertificateStatuses);
    ctx.provide('monitor.section', { varz: () => statuses.varz() });
    return statuses;
  },

  init: (_ctx, statuses) => statuses.open(),

  reload(ctx, statuses, { after }) {
    statuses.options = after.staple;
    ctx.kernel.log.info('Reloaded: OCSP');
  },

  close: (_ctx, statuses) => statuses.close(),
});

class Statuses implements CertificateStatuses {
  options: StapleOptions;
  private readonly ctx: Context;
  private readonly cache: ResponseCache;
  private readonly peers: PeerCheck;
  /** By the digest of the certificate; one may be served in several places. */
  private readonly staples = new Map<string, Set<Staple>>();
  private arePeersChecked = false;

  constructor(ctx: Context) {
    const { ports } = ctx.kernel;
    this.ctx = ctx;
    this.options = ctx.config.staple;
    this.cache = new ResponseCache(ctx.config.cache);
    this.peers = new PeerCheck({ ports, log: ctx.log, cache: this.cache });
  }

  get hasStaples(): boolean {
    return this.staples.size > 0;
  }

  stapleFor(certificate: Uint8Array): Uint8Array | null {
    for (const staple of this.staples.get(keyOf(certificate)) ?? [])
      if (staple.response !== null) return staple.response;
    return null;
  }

  async watch(served: readonly ServedCertificate[], kind: string): Promise<Disposer> {
    const begun: Disposer[] = [];
    const stop = (): void => {
      for (const end of begun.splice(0)) end();
    };
    try {
      for (const one of served) await this.watchOne(one, kind, begun);
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  isAcceptable(...[chain, options]: Parameters<CertificateStatuses['isAcceptable']>): Promise<boolean> {
    return this.usePeers().isAcceptable(chain, options);
  }

  varz(): Readonly<Record<string, unknown>> {
    return this.arePeersChecked ? { ocsp_peer_cache: this.cache.varz() } : {};
  }

  async open(): Promise<void> {
    await this.cache.load(this.ctx.kernel.ports.disk, this.ctx.log);
  }

  async close(): Promise<void> {
    for (const staples of this.staples.values()) for (const staple of staples) staple.stop();
    await this.cache.save(this.ctx.kernel.ports.disk, this.ctx.log);
  }

  /** Saving begins with the first peer: most brokers check none. */
  private usePeers(): PeerCheck {
    if (!this.arePeersChecked) {
      this.arePeersChecked = true;
      const { config, kernel, log } = this.ctx;
      this.ctx.every(config.cache.saveIntervalMs, () => this.cache.save(kernel.ports.disk, log));
    }
    return this.peers;
  }

  private async watchOne(served: ServedCertificate, kind: string, begun: Disposer[]): Promise<void> {
    const { certificate, issuer, file } = served;
    const { options } = this;
    const { mustStaple } = readCertificate(certificate);
    if (options.mode === 'never' && mustStaple) {
      this.ctx.log.warn(`Certificate at '${file}' has MustStaple but OCSP is disabled`);
    }
    if (options.mode === 'never' || (options.mode !== 'always' && !mustStaple)) return;
    if (issuer === null)
      throw new Error(`no issuers found for the certificate at '${file}': append it there, or set ca_file`);
    const isCondition = options.mode === 'always' || options.mode === 'must';
    const key = keyOf(certificate);
    const [earlier] = this.staples.get(key) ?? [];
    const staple = new Staple(
      { link: linkOf(certificate, issuer), file, kind, options, isCondition },
      this.stapleWorld(),
      earlier,
    );
    await staple.start();
    begun.push(this.add(key, staple));
  }

  private stapleWorld() {
    const { ctx } = this;
    return {
      ports: ctx.kernel.ports,
      log: ctx.kernel.log,
      after: (milliseconds: number, run: () => Promise<void>) => ctx.after(milliseconds, run),
      shutDown: () => ctx.kernel.broker.shutDown(),
    };
  }

  private add(key: string, staple: Staple): Disposer {
    const all = this.staples.get(key) ?? new Set();
    this.staples.set(key, all.add(staple));
    return () => {
      staple.stop();
      all.delete(staple);
      if (all.size === 0 && this.staples.get(key) === all) this.staples.delete(key);
    };
  }
}

function keyOf(certificate: Uint8Array): string {
  return createHash('sha256').update(certificate).digest('base64');
}
