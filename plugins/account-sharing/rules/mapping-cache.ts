/** Mappings that are compiled already: ten thousand accounts that import the same share one. */
import type { ImportRule } from '../contract.ts';
import { compileMapping, type SubjectMapping, withNumbers } from './subject-mapping.ts';

/** Beyond so many all are forgotten: equal rules mostly come one soon after the other. */
export const MAPPINGS_MAX = 1024;

export class MappingCache {
  private readonly known = new Map<string, SubjectMapping | string>();

  get size(): number {
    return this.known.size;
  }

  /** A problem is a text, in a NATS server's words. */
  mappingOf(rule: ImportRule): SubjectMapping | string {
    const key = `${rule.kind} ${rule.subject.length} ${rule.subject} ${rule.localSubject}`;
    const found = this.known.get(key);
    if (found !== undefined) return found;
    if (this.known.size >= MAPPINGS_MAX) this.known.clear();
    const made = compile(rule);
    this.known.set(key, made);
    return made;
  }
}

function compile({ kind, subject, localSubject }: ImportRule): SubjectMapping | string {
  const mapping = compileMapping(subject, localSubject);
  if (typeof mapping !== 'string' && (kind === 'stream' || mapping.isReversible)) return mapping;
  const local = withNumbers(localSubject);
  const [from, to] = kind === 'stream' ? [subject, localSubject] : [local, subject];
  const failed = `failed to create mapping transform for ${kind} import subject from "${from}" to "${to}"`;
  if (typeof mapping === 'string') return `${failed}: ${mapping}`;
  return `${failed}: invalid mapping destination: not using all of the token wildcard(s) in ${local}`;
}
