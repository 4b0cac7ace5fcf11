/** The plugin's keys on the top level of the configuration. */
import {
  asBoolean,
  type ConfigChange,
  type ConfigNode,
  type ConfigSchema,
  type ConfigSources,
  type Problems,
  type ReloadAnswer,
} from '../../kernel/plugin-api.ts';
import { readTlsBlock } from './block.ts';
import type { TlsOptions } from './tls-options.ts';

export interface TlsConfig {
  /** Null: no block, and clients speak in clear. */
  readonly client: TlsOptions | null;
  /** Clients may do without TLS. */
  readonly allowsPlain: boolean;
}

export const tlsSchema: ConfigSchema<TlsConfig> = {
  read(node: unknown, problems: Problems, sources: ConfigSources): TlsConfig {
    const allowsPlain = readAllowance(sources.also('allow_non_tls'), problems);
    if (node === undefined) return { client: null, allowsPlain };
    const client = readTlsBlock(node, 'client', problems);
    // A block without a certificate is allowed, and does nothing.
    return { client: client.certificates.length === 0 ? null : client, allowsPlain };
  },
};

function readAllowance(given: unknown, problems: Problems): boolean {
  if (given === undefined) return false;
  return asBoolean(given as ConfigNode, problems) ?? false;
}

/** Certificates and most of the rest change for handshakes to come; some things only a restart changes. */
export function reloadRule({ before, after }: ConfigChange<TlsConfig>): ReloadAnswer {
  const fixed: [string, unknown, unknown][] = [
    ['AllowNonTLS', before.allowsPlain, after.allowsPlain],
    ['TLSMap', before.client?.mapsIdentity ?? false, after.client?.mapsIdentity ?? false],
    ['TLSRateLimit', before.client?.handshakesPerSecondMax ?? 0, after.client?.handshakesPerSecondMax ?? 0],
  ];
  const changed = fixed.find(([, old, now]) => old !== now);
  if (changed === undefined) return 'live';
  const [name, old, now] = changed;
  return { refuse: `config reload not supported for ${name}: old=${old}, new=${now}` };
}
