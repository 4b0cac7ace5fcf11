/** What the kernel's options have to satisfy together. Checked at the start and on reload, not by a mere check of a file. */
import type { CoreOptions } from './core-options.ts';
import { formatDuration } from './duration.ts';

/** What is wrong first, or null. */
export function validate(options: CoreOptions): string | null {
  for (const check of CHECKS) {
    const failure = check(options);
    if (failure !== null) return failure;
  }
  return null;
}

/** In the order in which a NATS server checks. */
const CHECKS: readonly ((options: CoreOptions) => string | null)[] = [checkLameDuck, checkPayload, checkServerName];

function checkLameDuck({ lameDuckGraceMs, lameDuckDurationMs }: CoreOptions): string | null {
  if (lameDuckGraceMs < lameDuckDurationMs) return null;
  const grace = formatDuration(lameDuckGraceMs);
  const whole = formatDuration(lameDuckDurationMs);
  return `lame duck grace period (${grace}) should be strictly lower than lame duck duration (${whole})`;
}

function checkPayload({ payloadBytesMax, pendingBytesMax }: CoreOptions): string | null {
  if (payloadBytesMax <= pendingBytesMax) return null;
  return `max_payload (${payloadBytesMax}) cannot be higher than max_pending (${pendingBytesMax})`;
}

function checkServerName({ serverName }: CoreOptions): string | null {
  return serverName.includes(' ') ? 'server name cannot contain spaces' : null;
}
