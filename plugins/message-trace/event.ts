/** The report of a traced message, as it is published. */
import type { MessageTrace } from '../../kernel/plugin-api.ts';
import type { HeaderFields } from './header-fields.ts';

export function traceEvent(server: object, fields: HeaderFields, size: number, trace: MessageTrace): string {
  return escaped(
    JSON.stringify({
      server,
      request: { header: headerObject(fields), msgsize: size },
      hops: trace.hops === 0 ? undefined : trace.hops,
      events: trace.stations,
    }),
  );
}

/** Names in the order of their bytes. */
function headerObject(fields: HeaderFields): Record<string, string[]> {
  const names = [...fields.keys()].sort((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(names.map((name) => [utf8(name), (fields.get(name) ?? []).map(utf8)]));
}

function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** Readers may put the text into a page or a script: these characters are written as escapes, as NATS servers do. */
function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
