/** How failures read. A password in the URL is shown to nobody. */
import { Plainly } from './plainly.ts';

export const LATE = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/@:]*):[^/]*@/i, '$1:xxxxx@');
}

export function failureReason(error: Error, url: string): string {
  if (error instanceof Plainly && error.isAnswer) return error.message;
  return `Get "${shownUrl(url)}": ${reasonOf(error)}`;
}

interface SystemFailure extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
}

function reasonOf(error: SystemFailure): string {
  const { code, address, port, hostname } = error;
  if (code === 'ECONNREFUSED') return `dial tcp ${address}:${port}: connect: connection refused`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`;
  // Several addresses were tried; what failed with the first is as good as any.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0] as SystemFailure);
  return error.message;
}
