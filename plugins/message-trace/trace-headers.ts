/** What the header of a message says about tracing. */
import type { HeaderFields } from './header-fields.ts';

export const DESTINATION = 'Nats-Trace-Dest';
/** As a destination: not to be traced here or anywhere else. */
export const DISABLED = 'trace disabled';
const ONLY = 'Nats-Trace-Only';
const HOP = 'Nats-Trace-Hop';
/** Of servers that traced for one account in the name of another; such traces are left alone. */
const ORIGIN_ACCOUNT = 'Nats-Trace-Origin-Account';
const PARENT = 'traceparent';

export interface TraceWish {
  /** The subject the message names; empty when it carries another system's trace, which the account may have a subject for. */
  readonly destination: string;
  readonly isOnly: boolean;
  /** The step of the way this is, as the server before numbered it. */
  readonly hop: string;
  /** Why it is not fulfilled; empty when nothing stands against it. */
  readonly originAccount: string;
}

/** Null when it says nothing, or says no. */
export function readTraceWish(fields: HeaderFields): TraceWish | null {
  const destination = fields.get(DESTINATION)?.[0] ?? '';
  if (destination === DISABLED || (destination === '' && !carriesSampledParent(fields))) return null;
  return {
    destination,
    isOnly: destination !== '' && /^(1|true|on)$/i.test(fields.get(ONLY)?.[0] ?? ''),
    hop: fields.get(HOP)?.[0] ?? '',
    originAccount: fields.get(ORIGIN_ACCOUNT)?.[0] ?? '',
  };
}

function carriesSampledParent(fields: HeaderFields): boolean {
  for (const [name, values] of fields) {
    if (name.toLowerCase() === PARENT && values.some(isSampled)) return true;
  }
  return false;
}

/** `version-trace-parent-flags`: the lowest bit of the flags says that the trace is recorded. Flags from 80 on are unknown. */
function isSampled(value: string): boolean {
  const parts = value.split('-');
  const flags = parts[3] ?? '';
  return parts.length === 4 && /^[+0-7][0-9a-f]$/i.test(flags) && (Number.parseInt(flags[1]!, 16) & 1) === 1;
}
