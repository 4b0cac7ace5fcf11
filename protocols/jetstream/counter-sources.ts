/** `Nats-Counter-Sources`: how much of a counter came from which subjects of which streams, so that it is not counted twice. */
import { Buffer } from 'node:buffer';
import { printString } from './json/print-json.ts';

/** By stream and subject there. */
export type CounterSources = ReadonlyMap<string, ReadonlyMap<string, string>>;

export const NO_SOURCES: CounterSources = new Map();

/** Null for what is none. */
export function parseCounterSources(text: string): CounterSources | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!isObject(parsed)) return null;
    const streams = Object.entries(parsed).map(([stream, subjects]) => [stream, subjectsOf(subjects)] as const);
    return streams.every(isWhole) ? new Map(streams as [string, Map<string, string>][]) : null;
  } catch {
    return null;
  }
}

function subjectsOf(subjects: unknown): Map<string, string> | null {
  if (!isObject(subjects)) return null;
  const entries = Object.entries(subjects);
  return entries.every(([, value]) => typeof value === 'string') ? new Map(entries as [string, string][]) : null;
}

function isWhole([, subjects]: readonly [string, Map<string, string> | null]): boolean {
  return subjects !== null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By name, which is how a NATS server has them. */
export function printCounterSources(sources: CounterSources): string {
  return printed(sources, (subjects) => printed(subjects, printString));
}

function printed<T>(map: ReadonlyMap<string, T>, print: (value: T) => string): string {
  const byName = [...map].sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return `{${byName.map(([name, value]) => `${printString(name)}:${print(value)}`).join(',')}}`;
}

export function valueFrom(sources: CounterSources, stream: string, subject: string): string {
  return sources.get(stream)?.get(subject) ?? '0';
}

export function withValueFrom(sources: CounterSources, stream: string, subject: string, value: string): CounterSources {
  return new Map(sources).set(stream, new Map(sources.get(stream)).set(subject, value));
}
