/** The two texts that Prometheus reads, and which of them a request asks for. */
import type { Family } from './family.ts';

export interface Dialect {
  readonly contentType: string;
  /** The name in the lines above the samples. */
  headName(family: Family): string;
  typeName(family: Family): string;
  readonly escapesQuotesInHelp: boolean;
  /** The last line. */
  readonly end: string;
}

export const PROMETHEUS: Dialect = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  headName: ({ name, type }) => (type === 'counter' ? `${name}_total` : name),
  typeName: ({ type }) => (type === 'unknown' ? 'untyped' : type),
  escapesQuotesInHelp: false,
  end: '',
};

export const OPEN_METRICS: Dialect = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  headName: ({ name }) => name,
  typeName: ({ type }) => type,
  escapesQuotesInHelp: true,
  end: '# EOF\n',
};

const OPEN_METRICS_TYPE = 'application/openmetrics-text';
const TEXT_TYPES = new Set(['text/plain', 'text/*', '*/*']);
const RANGES_MAX = 32;

/** Whoever does not plainly prefer the newer text gets the one that everybody reads. */
export function dialectFor(accept: string): Dialect {
  let [open, text] = [0, 0];
  for (const range of accept.split(',', RANGES_MAX)) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = weightOf(parameters);
    if (TEXT_TYPES.has(type)) text = Math.max(text, weight);
    else if (type === OPEN_METRICS_TYPE && speaksOurVersion(parameters)) open = Math.max(open, weight);
  }
  return open > 0 && open >= text ? OPEN_METRICS : PROMETHEUS;
}

function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = given === undefined ? 1 : Number(given.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}

function speaksOurVersion(parameters: readonly string[]): boolean {
  const version = parameters.find((parameter) => parameter.startsWith('version='));
  return version === undefined || /^version="?1\.0\.0"?$/.test(version);
}
