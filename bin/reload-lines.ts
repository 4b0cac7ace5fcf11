/** What the log says about each option that a reload changed. */
import type { FieldChange } from '../kernel/config/diff.ts';

type Line = (change: FieldChange) => string | null;

/** Most are named by their key; these are not. */
const SPECIAL: Readonly<Record<string, Line>> = {
  // The reference server's spelling, which tools may look for.
  client_advertise: ({ printedAfter }) => `Reload: client_advertise = ${printedAfter}`,
  server_tags: () => 'Reloaded: tags',
  server_metadata: () => 'Reloaded: metadata',
  no_fast_producer_stall: ({ after }) => `Reloaded: fast producers will ${after === true ? '' : 'not '}be stalled`,
  accounts: () => null,
  mappings: () => null,
};

export function reloadLines(fields: readonly FieldChange[]): string[] {
  const lines = fields.map((change) => {
    const special = SPECIAL[change.key];
    return special === undefined ? `Reloaded: ${change.key} = ${change.printedAfter}` : special(change);
  });
  // Who may log in is looked at anew each time, and said so each time.
  return [...lines.filter((line) => line !== null), 'Reloaded: authorization users', 'Reloaded: accounts'];
}
