/** What the log says of a block that changed, in the words of a NATS server. */
import { TIMEOUT_MS } from './block-fields.ts';
import type { TlsConfig } from './config.ts';
import type { TlsOptions } from './contract.ts';
import { haveSameKeys } from './pinned-keys.ts';

export function reloadLines(before: TlsConfig, after: TlsConfig): string[] {
  const [old, now] = [before.client, after.client];
  const lines = [`Reloaded: tls = ${now === null ? 'disabled' : 'enabled'}`];
  if (now === null) return lines;
  if ((old?.timeoutMs ?? TIMEOUT_MS) !== now.timeoutMs) lines.push(`Reloaded: tls timeout = ${now.timeoutMs / 1000}`);
  if (!haveSameKeys(before, after)) lines.push(`Reloaded: ${now.pinnedKeys.size} pinned_certs`);
  if (beginsFirst(old) !== beginsFirst(now)) {
    lines.push(`Reloaded: Client TLS handshake first: ${beginsFirst(now)}`);
  }
  return lines;
}

function beginsFirst(options: TlsOptions | null): boolean {
  return options !== null && options.handshakeFirst !== false;
}
