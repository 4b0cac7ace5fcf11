/** Figures that plugins give to the hook `stats.collect`: `auth.blocked_logins` is `gnatlet_auth_blocked_logins`. */
import type { Family } from '../exposition/family.ts';

export const CONTRIBUTED_MAX = 500;
const NAME_LENGTH_MAX = 128;
const TOTAL = /_total$/;

export function* contributedFamilies(figures: Readonly<Record<string, unknown>>): Iterable<Family> {
  let left = CONTRIBUTED_MAX;
  for (const [key, value] of Object.entries(figures)) {
    const name = nameOf(key);
    if (typeof value !== 'number' || name === '') continue;
    if (left-- === 0) return;
    const help = `The figure ${JSON.stringify(key.slice(0, NAME_LENGTH_MAX))} of a plugin.`;
    yield { name: `gnatlet_${name.replace(TOTAL, '')}`, type: typeOf(name), help, samples: [{ value }] };
  }
}

/** Who says that it is a total promises that it never falls. Of all others nobody knows. */
function typeOf(name: string): Family['type'] {
  return TOTAL.test(name) ? 'counter' : 'unknown';
}

function nameOf(key: string): string {
  const name = key.slice(0, NAME_LENGTH_MAX).replace(/[^a-zA-Z0-9]+/g, '_');
  return name.replace(/^_|_$/g, '').toLowerCase();
}
