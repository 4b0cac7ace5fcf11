/** Where an account wants to hear about messages that arrive with another system's trace, and about how many. */
import { isLiteral, isValidSubject } from '../routing/subject.ts';
import { type MapEntry, type MapNode, typeName } from './grammar/node.ts';
import type { Place, Problems } from './problem.ts';

export interface TraceDestination {
  /** As it was written; the data plane wants it as bytes. */
  readonly subject: string;
  /** 1 to 100. */
  readonly samplingPercent: number;
}

/** Null where there is none, or it is wrong. */
export function readTraceDestination(entry: MapEntry, problems: Problems): TraceDestination | null {
  const { value } = entry;
  if (value.kind === 'string') {
    const subject = checkedSubject(value.value, entry, problems);
    return subject === null ? null : Object.freeze({ subject, samplingPercent: 100 });
  }
  if (value.kind === 'map') return readMap(value, entry, problems);
  const text = `Expected account message trace "${entry.key}" to be a string or a map/struct, got ${typeName(value)}`;
  problems.error(entry, text);
  return null;
}

function readMap(map: MapNode, entry: MapEntry, problems: Problems): TraceDestination | null {
  let subject: string | null = null;
  let sampling: number | null = null;
  for (const inner of map.value.values()) {
    const key = inner.key.toLowerCase();
    if (key === 'dest') subject = readSubject(inner, problems);
    else if (key === 'sampling') sampling = readSampling(inner, problems);
    else if (!inner.isReferenced) {
      problems.error(inner, `Unknown field "${inner.key}" parsing account message trace map/struct "${entry.key}"`);
    }
  }
  if (subject !== null) return Object.freeze({ subject, samplingPercent: sampling ?? 100 });
  const isDestinationAbsent = ![...map.value.keys()].some((key) => key.toLowerCase() === 'dest');
  if (sampling !== null && isDestinationAbsent) {
    problems.warning(entry, 'Trace destination sampling ignored since no destination was set');
  }
  return null;
}

function readSubject(entry: MapEntry, problems: Problems): string | null {
  if (entry.value.kind === 'string') return checkedSubject(entry.value.value, entry, problems);
  problems.error(entry, `Field "${entry.key}" should be a string, got ${typeName(entry.value)}`);
  return null;
}

/** Reports are published, so the subject has to be one that can be published to. */
function checkedSubject(subject: string, place: Place, problems: Problems): string | null {
  if (isValidSubject(subject) && isLiteral(subject)) return subject;
  problems.error(place, `Trace destination "${subject}" is not valid`);
  return null;
}

function readSampling(entry: MapEntry, problems: Problems): number | null {
  const { value } = entry;
  if (value.kind !== 'integer' && value.kind !== 'string') {
    const text = `Trace destination sampling field "${entry.key}" should be an integer or a percentage`;
    problems.error(entry, `${text}, got ${typeName(value)}`);
    return null;
  }
  if (value.kind === 'string' && !/^[-+]?\d+%?$/.test(value.value)) {
    problems.error(entry, `Invalid trace destination sampling value "${value.value}"`);
    return null;
  }
  const percent = Number.parseInt(String(value.value), 10);
  if (percent >= 1 && percent <= 100) return percent;
  problems.error(entry, `Ttrace destination sampling value ${percent} is invalid, needs to be [1..100]`);
  return null;
}
