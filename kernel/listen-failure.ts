/** Why a port could not be had, in the words launchers and operators look for. */
import type { Address } from './ports/transport.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
  EAFNOSUPPORT: 'address family not supported by protocol',
};

export function listenFailure({ host, port }: Address, error: unknown): string {
  const where = hostAndPort({ host, port: Math.max(port, 0) });
  const code = (error as { code?: string } | null)?.code ?? '';
  if (port > 65_535) return `listen tcp: address ${port}: invalid port`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `listen tcp: lookup ${host}: no such host`;
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  return `listen tcp ${where}: bind: ${reason}`;
}

export function hostAndPort({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
