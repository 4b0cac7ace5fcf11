/** The protocol tracer that the options ask for. */
import type { Broker } from '../kernel/broker.ts';
import type { CoreOptions } from '../kernel/config/core-options.ts';
import { ProtocolTracer } from '../kernel/log/protocol-tracer.ts';

export function tracerFor(options: CoreOptions, { log }: Broker): ProtocolTracer | null {
  if (!options.trace) return null;
  return new ProtocolTracer(log, {
    payloadBytesMax: options.tracedMessageBytesMax,
    showsHeadersOnly: options.traceHeaders,
  });
}
