/** Families as text, made a few milliseconds at a time. */
import type { Pace } from '../../../kernel/plugin-api.ts';
import type { Dialect } from './dialect.ts';
import type { Family, Labels, Sample } from './family.ts';

const PIECE_LENGTH = 16 * 1024;

/** `common` are labels that every sample has. Of two families with one name the first counts. */
export async function* printed(
  families: Iterable<Family>,
  dialect: Dialect,
  common: Labels,
  pace: Pace,
): AsyncGenerator<string> {
  const shared = labelText(common);
  const seen = new Set<string>();
  let piece = '';
  for (const family of families) {
    if (seen.has(family.name)) continue;
    seen.add(family.name);
    piece += headOf(family, dialect);
    for (const sample of family.samples) {
      piece += lineOf(family, sample, shared);
      if (piece.length >= PIECE_LENGTH) {
        yield piece;
        piece = '';
      }
      if (pace.isDue) await pace.rest();
    }
  }
  yield piece + dialect.end;
}

function headOf(family: Family, dialect: Dialect): string {
  const name = dialect.headName(family);
  const help = escaped(family.help, dialect.escapesQuotesInHelp ? QUOTED : PLAIN);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${dialect.typeName(family)}\n`;
}

function lineOf({ name, type }: Family, { value, labels, suffix }: Sample, shared: string): string {
  const own = labels === undefined ? '' : labelText(labels);
  const all = own === '' || shared === '' ? shared + own : `${shared},${own}`;
  const ending = type === 'counter' ? '_total' : (suffix ?? '');
  return `${name}${ending}${all === '' ? '' : `{${all}}`} ${numberText(value)}\n`;
}

function labelText(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escaped(labels[name]!, QUOTED)}"`;
  return text;
}

const PLAIN = /[\\\n]/g;
const QUOTED = /[\\\n"]/g;

function escaped(text: string, delicate: RegExp): string {
  return text.replace(delicate, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
