/** Reads where the figures of a service go, and of how many requests: a subject, or a map. */
import {
  type ConfigNode,
  type MapEntry,
  type Problems,
  quotedText,
  subjectFromText,
  typeName,
} from '../../../kernel/plugin-api.ts';
import type { LatencyRule } from '../contract.ts';

const ALL = 100;
const HEADERS = 'headers';

export function readLatency(entry: MapEntry, problems: Problems): LatencyRule | null {
  const { value } = entry;
  if (value.kind === 'string') return { sampling: ALL, subject: subjectFromText(value.value) };
  if (value.kind !== 'map') {
    problems.error(entry, `Expected latency entry to be a map/struct or string, got ${typeName(value)}`);
    return null;
  }
  let sampling: LatencyRule['sampling'] | null = ALL;
  let subject = '';
  let isSubjectWrong = false;
  for (const inner of value.value.values()) {
    const key = inner.key.toLowerCase();
    if (key === 'sampling') sampling = readSampling(inner, inner.value, problems);
    else if (key !== 'subject') problems.misuse(inner, inner.key, 'latency has no such field, it is ignored');
    else if (inner.value.kind === 'string') subject = inner.value.value;
    else {
      isSubjectWrong = true;
      problems.error(inner, `Expected latency subject to be a string, got ${typeName(inner.value)}`);
    }
  }
  if (subject === '' && !isSubjectWrong && sampling !== null) {
    problems.error(entry, 'Latency subject required, but missing');
  }
  return subject === '' || sampling === null ? null : { sampling, subject: subjectFromText(subject) };
}

/** Null after a mistake was reported. */
function readSampling(entry: MapEntry, node: ConfigNode, problems: Problems): LatencyRule['sampling'] | null {
  if (node.kind === 'string' && node.value.trim().toLowerCase() === HEADERS) return HEADERS;
  const percent = percentIn(entry, node, problems);
  if (percent === null || (percent >= 1 && percent <= ALL)) return percent;
  problems.error(entry, 'bad sampling percentage, should be 1-100');
  return null;
}

function percentIn(entry: MapEntry, node: ConfigNode, problems: Problems): number | null {
  if (node.kind === 'integer') return Number(node.value);
  if (node.kind !== 'string') {
    problems.error(entry, `Expected latency sample to be a string or map/struct, got ${typeName(node)}`);
    return null;
  }
  const digits = node.value.trim().replace(/%$/, '');
  if (/^[+-]?[0-9]+$/.test(digits)) return Number(digits);
  problems.error(entry, `Failed to parse latency sample: strconv.Atoi: parsing ${quotedText(digits)}: invalid syntax`);
  return null;
}
