/** The report of a traced message, as it is published. */
import { wireJson } from '../../kernel/plugin-api.ts';
import type { HeaderFields } from './header-fields.ts';
import type { TraceRecord } from './record.ts';

export function traceEvent(server: object, fields: HeaderFields, size: number, trace: TraceRecord): string {
  return wireJson({
    server,
    request: { header: headerObject(fields), msgsize: size },
    hops: trace.hops === 0 ? undefined : trace.hops,
    events: trace.stations,
  });
}

/** Names in the order of their bytes. */
function headerObject(fields: HeaderFields): Record<string, string[]> {
  const names = [...fields.keys()].sort((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(names.map((name) => [utf8(name), (fields.get(name) ?? []).map(utf8)]));
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
