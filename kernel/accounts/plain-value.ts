/** How the messages of a NATS server name and print values of a configuration. */

export function typeText(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (Array.isArray(value)) return '[]interface {}';
  if (value instanceof Date) return 'time.Time';
  return typeof value === 'object' && value !== null ? 'map[string]interface {}' : 'nil';
}

export function valueText(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatText(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(' ')}]`;
  const entries = entriesOf(value);
  if (entries === null) return value == null ? '<nil>' : String(value);
  const sorted = entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return `map[${sorted.map(([key, item]) => `${key}:${valueText(item)}`).join(' ')}]`;
}

/** In the order of definition, which plain objects do not keep for keys that are numbers and a `Map` does. */
export function entriesOf(value: unknown): [string, unknown][] | null {
  if (value instanceof Map) return [...value];
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
  return isPlain ? Object.entries(value) : null;
}

/** The shortest digits that mean the same number, with an exponent below 1e-4 and from 1e6 on. */
function floatText(value: number): string {
  const [digits, exponent] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
