/** Where the monitor answers, in the forms in which that is said. */
import type { Address } from '../../kernel/plugin-api.ts';
import type { MonitoringConfig } from './config.ts';

export function schemeOf({ httpsPort }: MonitoringConfig): 'http' | 'https' {
  return httpsPort === 0 ? 'http' : 'https';
}

export function hostAndPort({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A listener on all interfaces can be reached by each of their addresses. */
export function urlsFor(scheme: string, listening: Address, interfaces: readonly string[]): string[] {
  const isEverywhere = listening.host === '0.0.0.0' || listening.host === '::';
  const hosts = isEverywhere && interfaces.length > 0 ? interfaces : [listening.host];
  return hosts.map((host) => `${scheme}://${hostAndPort({ host, port: listening.port })}`);
}
