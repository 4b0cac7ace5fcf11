/**
 * Reads what is exposed as strictly as it is specified: each family has its two lines and then all its samples, no name and
 * no series comes twice, and every character is where it may be.
 */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ParsedSample[];
}

export type Format = 'prometheus' | 'openmetrics';

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP = new RegExp(`^# HELP (${NAME}) (.*)$`, 's');
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|summary|untyped|unknown)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`, 's');
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\[\\"n])*)"(,|$)/s;
const NUMBER = /^(NaN|[+-]Inf|-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?)$/;

export function parseExposition(text: string, format: Format): ParsedFamily[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line does not end');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('the last line is not # EOF');
  const families: ParsedFamily[] = [];
  for (let at = 0; at < lines.length; ) {
    const family = headOf(lines[at++], lines[at++], format);
    if (families.some(({ name }) => name === family.name)) throw new Error(`the family ${family.name} comes twice`);
    for (; at < lines.length && !lines[at]!.startsWith('#'); at++) family.samples.push(sampleIn(lines[at]!));
    checkSamples(family, format);
    families.push(family);
  }
  return families;
}

function headOf(help = '', type = '', format: Format): ParsedFamily {
  const [, name, text] = HELP.exec(help) ?? fail('is no HELP line', help);
  const [, typeName, word] = TYPE.exec(type) ?? fail('is no TYPE line', type);
  if (name !== typeName) fail(`is not about ${name}`, type);
  if ((word === 'unknown') !== (format === 'openmetrics') && /^un/.test(word!)) fail('is of the other format', type);
  const quotes = format === 'openmetrics' ? /^([^\\"]|\\[\\"n])*$/ : /^([^\\]|\\[\\n])*$/;
  if (!quotes.test(text!)) fail('has something unescaped', help);
  return { name: name!, type: word!, help: text!, samples: [] };
}

function sampleIn(line: string): ParsedSample {
  const [, name, labels = '', number] = SAMPLE.exec(line) ?? fail('is no sample', line);
  if (!NUMBER.test(number!)) fail('has no number', line);
  return { name: name!, labels: labelsIn(labels, line), value: numberOf(number!) };
}

function labelsIn(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [all, name, value, comma] = LABEL.exec(rest) ?? fail('has no label at', `${rest} of ${line}`);
    if (Object.hasOwn(labels, name!)) fail(`has the label ${name} twice`, line);
    labels[name!] = value!.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
    rest = rest.slice(all.length);
    if (comma === ',' && rest === '') fail('ends in a comma', line);
  }
  return labels;
}

function numberOf(text: string): number {
  return text.endsWith('Inf') ? Number(`${text}inity`) : Number(text);
}

function checkSamples({ name, type, samples }: ParsedFamily, format: Format): void {
  const allowed = namesOf(name, type, format);
  const series = new Set<string>();
  for (const sample of samples) {
    if (!allowed.includes(sample.name)) fail(`is no sample of the ${type} ${name}`, sample.name);
    if (type === 'counter' && !(sample.value >= 0)) fail('is a counter below zero', sample.name);
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (series.has(key)) fail('comes twice', key);
    series.add(key);
  }
}

function namesOf(name: string, type: string, format: Format): string[] {
  if (type === 'summary') return [name, `${name}_sum`, `${name}_count`];
  if (type !== 'counter') return [name];
  if (format === 'openmetrics') return [`${name}_total`];
  if (!name.endsWith('_total')) fail('is a counter without _total', name);
  return [name];
}

function fail(what: string, line: string): never {
  throw new Error(`${JSON.stringify(line)} ${what}`);
}
