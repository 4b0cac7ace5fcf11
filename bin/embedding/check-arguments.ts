/** Programs in JavaScript have no compiler that looks at what they hand over. */
import { suggestion } from '../../kernel/hooks/nearest-name.ts';

const EXTRAS: Readonly<Record<string, (value: unknown) => void>> = {
  plugins: checkPlugins,
  log: checkLog,
  ports: (value) => assertObject(value, 'extras.ports'),
};

/** Throws a TypeError that names the argument. */
export function checkArguments(config: unknown, extras: unknown): void {
  assertObject(config, 'the configuration');
  checkValue(config, 'the configuration', []);
  assertObject(extras, 'extras');
  for (const [key, value] of Object.entries(extras)) {
    const check = Object.hasOwn(EXTRAS, key) ? EXTRAS[key] : undefined;
    if (check === undefined) {
      throw misuse(`extras has no key ${JSON.stringify(key)}${suggestion(key, Object.keys(EXTRAS))}`);
    }
    if (value !== undefined) check(value);
  }
}

function assertObject(value: unknown, name: string): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw misuse(`${name} must be an object, got ${shown(value)}`);
}

/** What contains itself would be read without an end. The same object in two places is fine. */
function checkValue(value: unknown, name: string, above: readonly object[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (above.includes(value)) throw misuse(`${name} contains itself`);
  const within = [...above, value];
  const prefix = above.length === 0 ? '' : `${name}.`;
  for (const [key, inner] of Object.entries(value)) checkValue(inner, `${prefix}${key}`, within);
}

function checkPlugins(plugins: unknown): void {
  if (!Array.isArray(plugins)) throw misuse(`extras.plugins must be an array, got ${shown(plugins)}`);
  plugins.forEach((plugin: unknown, index) => {
    const name = `extras.plugins[${index}]`;
    if (typeof plugin === 'string') return;
    assertObject(plugin, name);
    if ('use' in plugin && 'with' in plugin) checkValue(plugin.with, `${name}.with`, [plugin]);
  });
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

function checkLog(log: unknown): void {
  assertObject(log, 'extras.log');
  const given = LEVELS.map((level) => [level, (log as Record<string, unknown>)[level]] as const);
  const present = given.filter(([, method]) => method !== undefined);
  for (const [level, method] of present) {
    if (typeof method !== 'function') throw misuse(`extras.log.${level} must be a function, got ${shown(method)}`);
  }
  if (present.length === 0) throw misuse(`extras.log has none of the functions ${LEVELS.join(', ')}`);
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function misuse(text: string): TypeError {
  return new TypeError(`createServer: ${text}`);
}
