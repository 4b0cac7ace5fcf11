/** Streams that take their messages from others. */
import { type ApiError, apiError, invalidConfig, pedanticError } from './api-error.ts';
import type { ErrorNumber } from './error-table.ts';
import { isValidName } from './names.ts';
import { sourceIdentity } from './source-identity.ts';
import type { StreamConfig, StreamSource } from './stream-config.ts';
import type { Draft, StreamSurroundings } from './stream-rules.ts';
import { collide, isValidLiteral, isValidSubject } from './subject-rules.ts';

const API_PREFIX = '$JS.API';
const VERBS: Readonly<Record<'mirror' | 'source', Faults>> = {
  mirror: { name: 10142, both: 10150, src: 10151, transform: 10154, overlap: 10152, consumer: 10213 },
  source: { name: 10141, both: 10144, src: 10145, transform: 10146, overlap: 10147, consumer: 10215 },
};

interface Faults {
  readonly name: ErrorNumber;
  readonly both: ErrorNumber;
  readonly src: ErrorNumber;
  readonly transform: ErrorNumber;
  readonly overlap: ErrorNumber;
  readonly consumer: ErrorNumber;
}

export function mirrorRules(draft: Draft, surroundings: StreamSurroundings): ApiError | null {
  const { mirror } = draft;
  if (mirror === null) return null;
  const problem = wayRule(mirror, VERBS.mirror) ?? markerRule(draft) ?? filterRule(mirror, VERBS.mirror, surroundings);
  if (problem !== null) return problem;
  if (mirror.external !== null) return null;
  if (!isValidName(mirror.name)) return apiError(10142);
  const origin = surroundings.streamNamed(mirror.name);
  if (origin === null) return cycleRule(draft, surroundings);
  return originRule(draft, origin, surroundings) ?? cycleRule(draft, surroundings);
}

/** What a local mirror takes over from its origin. */
function originRule(draft: Draft, origin: StreamConfig, { isPedantic }: StreamSurroundings): ApiError | null {
  if (origin.allowDirect !== draft.mirrorDirect && isPedantic) {
    return pedanticError('origin stream has direct get set, mirror has it disabled');
  }
  draft.mirrorDirect = origin.allowDirect;
  return draft.maxMsgSize > 0 && origin.maxMsgSize > draft.maxMsgSize ? apiError(10030) : null;
}

export function sourceRules(draft: Draft, surroundings: StreamSurroundings): ApiError | null {
  if (draft.sources.length === 0) return null;
  if (draft.allowMsgSchedules) return apiError(10187);
  const seen = new Set<string>();
  for (const source of draft.sources) {
    const problem = sourceRule(source, draft, seen, surroundings);
    if (problem !== null) return problem;
  }
  return cycleRule(draft, surroundings);
}

function sourceRule(
  source: StreamSource,
  draft: Draft,
  seen: Set<string>,
  surroundings: StreamSurroundings,
): ApiError | null {
  if (!isValidName(source.name)) return apiError(10141);
  const identity = sourceIdentity(source, (name) => name);
  if (seen.has(identity)) return apiError(10140);
  seen.add(identity);
  const problem = wayRule(source, VERBS.source) ?? filterRule(source, VERBS.source, surroundings);
  if (problem !== null) return problem;
  if (source.external !== null) return null;
  const origin = surroundings.streamNamed(source.name);
  const isTooSmall = origin !== null && draft.maxMsgSize > 0 && origin.maxMsgSize > draft.maxMsgSize;
  return isTooSmall ? apiError(10046) : null;
}

/** Of the ways to say what is taken only one may be used. */
function wayRule(source: StreamSource, faults: Faults): ApiError | null {
  if (source.filterSubject !== '' && source.subjectTransforms.length > 0) return apiError(faults.both);
  return consumerRule(source, faults);
}

/** What a mirror holds is what its origin says. */
function markerRule({ subjectDeleteMarkerTtl }: Draft): ApiError | null {
  return subjectDeleteMarkerTtl > 0n ? invalidConfig('subject delete markers forbidden on mirrors') : null;
}

function filterRule(source: StreamSource, faults: Faults, surroundings: StreamSurroundings): ApiError | null {
  for (const { src, dest } of source.subjectTransforms) {
    if (src !== '' && !isValidSubject(src)) return apiError(faults.src, { err: `invalid subject ${src}` });
    const problem = dest === '' ? null : surroundings.transformProblem(src, dest);
    if (problem !== null) return apiError(faults.transform, { err: problem });
  }
  const filters = source.subjectTransforms.map(({ src }) => (src === '' ? '>' : src));
  return hasOverlap(filters) ? apiError(faults.overlap) : null;
}

function hasOverlap(filters: readonly string[]): boolean {
  return filters.some((filter, at) => filters.slice(at + 1).some((other) => collide(filter, other)));
}

/** A consumer that is there already has a start and filters of its own. */
function consumerRule(source: StreamSource, faults: Faults): ApiError | null {
  const { consumer } = source;
  if (consumer === null) return null;
  const isNamed = isValidName(consumer.name) && isValidLiteral(consumer.deliverSubject);
  const hasStart = source.optStartSeq !== 0n || source.optStartTime !== null || source.filterSubject !== '';
  return isNamed && !hasStart ? null : apiError(faults.consumer);
}

/** Prefixes of other accounts and domains, looked at when everything else is in order. */
export function externalRules(draft: Draft, { streamNamed }: StreamSurroundings): ApiError | null {
  const origins = draft.mirror === null ? draft.sources : [draft.mirror];
  const externals = origins.flatMap(({ external }) => (external === null ? [] : [external]));
  const taken = origins.flatMap(({ name, external }) => (external === null ? (streamNamed(name)?.subjects ?? []) : []));
  for (const { deliver } of externals) {
    if (deliver === '') continue;
    if (!isValidLiteral(deliver)) return apiError(10024, { prefix: deliver });
    const overlapped = taken.find((subject) => collide(subject, `${deliver}.${subject}`));
    if (overlapped !== undefined) return apiError(10022, { prefix: deliver, subject: overlapped });
  }
  for (const { api } of externals) {
    if (api === '') continue;
    if (!isValidLiteral(api)) {
      return invalidConfig(`stream external api prefix "${api}" must be a valid subject without wildcards`);
    }
    if (collide(api, API_PREFIX)) return apiError(10021, { prefix: api, subject: API_PREFIX });
  }
  return null;
}

/** Following what the streams of this account take from each other leads back here. */
function cycleRule(draft: Draft, { streamNamed }: StreamSurroundings): ApiError | null {
  const visited = new Set<string>();
  const open = localOrigins(draft).map(({ name }) => name);
  while (open.length > 0) {
    const name = open.pop()!;
    if (name === draft.name) return invalidConfig('detected cycle');
    if (visited.has(name)) continue;
    visited.add(name);
    const stream = streamNamed(name);
    if (stream === null) continue;
    for (const origin of localOrigins(stream)) {
      if (isReached(origin, draft.name === origin.name ? draft : streamNamed(origin.name))) open.push(origin.name);
    }
  }
  return null;
}

function isReached({ filterSubject }: StreamSource, origin: StreamConfig | null): boolean {
  if (filterSubject === '' || origin === null || origin.subjects.length === 0) return true;
  return origin.subjects.some((subject) => collide(subject, filterSubject));
}

function localOrigins({ mirror, sources }: StreamConfig): readonly StreamSource[] {
  const origins = mirror === null ? sources : [mirror];
  return origins.filter(({ external }) => external === null);
}
