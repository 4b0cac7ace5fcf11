/**
 * Reads a `mappings` block, given as plain values, into rules.
 *
 * Everything wrong is reported with the texts of a NATS server, and what can be read is returned all the same. The path
 * of a problem leads from the block to the key or array element it is about; an empty one means the block.
 */
import { quotedText } from '../../protocols/client/quoted.ts';
import { isValidSubject, subjectFromText } from '../routing/subject.ts';
import { parseInteger } from '../routing/transform/integer.ts';
import { checkMappingRule, type MappingDestination, type MappingRule } from './mapping-rule.ts';
import { entriesOf, typeText, valueText } from './plain-value.ts';

export type MappingPath = readonly (string | number)[];
export type ReportMappingProblem = (path: MappingPath, text: string) => void;

export function readMappings(value: unknown, report: ReportMappingProblem): MappingRule[] {
  const entries = entriesOf(value);
  if (entries === null) {
    report([], `interface conversion: interface {} is ${typeText(value)}, not map[string]interface {}`);
    return [];
  }
  return entries.flatMap(([source, spec]) => readRule(source, spec, report) ?? []);
}

function readRule(sourceText: string, spec: unknown, report: ReportMappingProblem): MappingRule | null {
  const source = subjectFromText(sourceText);
  if (!isValidSubject(source)) {
    report([], `Subject ${quotedText(sourceText)} is not a valid subject`);
    return null;
  }
  const destinations = readSpec(spec, [sourceText], report);
  if (destinations === null) return null;
  const rule = { source, destinations };
  const problem = checkMappingRule(rule);
  if (problem === null) return rule;
  const target = typeof spec === 'string' ? ` to ${quotedText(spec)}` : '';
  report([sourceText], `Error adding mapping for ${quotedText(sourceText)}${target} : ${problem}`);
  return null;
}

/** A destination, a weighted one, or several of these. Null when there is nothing to go on with. */
function readSpec(spec: unknown, path: MappingPath, report: ReportMappingProblem): MappingDestination[] | null {
  if (typeof spec === 'string') return [{ subject: subjectFromText(spec), weight: 100 }];
  if (Array.isArray(spec)) {
    return spec.flatMap((element, at) => readDestination(element, [...path, at], report) ?? []);
  }
  const destination = readDestination(spec, path, report);
  return destination === null ? null : [destination];
}

interface OpenEntry {
  subject: string;
  weight: number | null;
  cluster: string;
}

function readDestination(value: unknown, path: MappingPath, report: ReportMappingProblem): MappingDestination | null {
  const entries = entriesOf(value);
  if (entries === null) {
    report(path, 'Expected an entry for the mapping destination');
    return null;
  }
  const entry: OpenEntry = { subject: '', weight: null, cluster: '' };
  let isSound = true;
  for (const [key, field] of entries) {
    if (!readField(entry, key, field, path, report)) isSound = false;
  }
  if (isSound && entry.weight === null) {
    report(path, `Missing weight for mapping destination ${quotedText(entry.subject)}`);
    return null;
  }
  return isSound ? finished(entry) : null;
}

function finished(entry: OpenEntry): MappingDestination {
  const subject = subjectFromText(entry.subject);
  const weight = entry.weight!;
  return entry.cluster === '' ? { subject, weight } : { subject, weight, cluster: entry.cluster };
}

/** False when the field was reported. */
function readField(
  entry: OpenEntry,
  key: string,
  field: unknown,
  path: MappingPath,
  report: ReportMappingProblem,
): boolean {
  switch (key.toLowerCase()) {
    case 'dest':
    case 'destination':
      return readText(field, path, report, (text) => {
        entry.subject = text;
      });
    case 'cluster':
      return readText(field, path, report, (text) => {
        entry.cluster = text;
      });
    case 'weight':
      return readWeight(entry, field, [...path, key], report);
    default:
      report([...path, key], `Unknown field ${quotedText(key)} for mapping destination`);
      return false;
  }
}

function readText(
  field: unknown,
  path: MappingPath,
  report: ReportMappingProblem,
  take: (text: string) => void,
): boolean {
  if (typeof field === 'string') take(field);
  else report(path, `interface conversion: interface {} is ${typeText(field)}, not string`);
  return typeof field === 'string';
}

/** A whole number, or a text with or without a percent sign. */
function readWeight(entry: OpenEntry, field: unknown, path: MappingPath, report: ReportMappingProblem): boolean {
  const digits = typeof field === 'string' ? field.replace(/%$/, '') : null;
  const isWhole = typeof field === 'bigint' || Number.isInteger(field);
  if (digits === null && !isWhole) {
    report(path, `Unknown entry type for weight of ${valueText(field)}`);
    return false;
  }
  const weight = digits === null ? BigInt(field as number | bigint) : parseInteger(digits);
  if (weight === null || weight < 0n || weight > 100n) {
    report(path, `Invalid weight ${weight ?? quotedText(digits!)} for mapping destination`);
    return false;
  }
  entry.weight = Number(weight);
  return true;
}
