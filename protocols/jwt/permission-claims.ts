/** Permissions and limits as user tokens, account tokens and templates of scoped keys write them. */
import { asText, type MemberReader } from './member-reader.ts';

const NANOSECONDS = 1_000_000;

export interface SubjectClaims {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /**
   * Of what may be published: an empty list of what is allowed was written out beside denials, and nothing is allowed. Left out,
   * everything would be.
   */
  readonly isClosed?: true;
}

export interface ResponseClaims {
  /** Messages for each request; 0 for the default, negative for any number. */
  readonly max: number;
  /** Likewise. Tokens say it in nanoseconds. */
  readonly ttlMs: number;
}

export interface PermissionClaims {
  readonly publish: SubjectClaims;
  readonly subscribe: SubjectClaims;
  readonly responses: ResponseClaims | null;
}

export interface TimeWindowClaims {
  /** `HH:MM:SS`. */
  readonly start: string;
  readonly end: string;
}

/** What a user token, or the template of a scoped key, grants. */
export interface UserGrants {
  readonly permissions: PermissionClaims;
  /** Networks the user may come from; empty for any. */
  readonly sources: readonly string[];
  readonly times: readonly TimeWindowClaims[];
  readonly timeZone: string;
  readonly subscriptionsMax: number;
  readonly dataMax: number;
  readonly payloadMax: number;
  readonly isBearer: boolean;
  readonly isProxyRequired: boolean;
  readonly connectionTypes: readonly string[];
}

export function readPermissions(reader: MemberReader): PermissionClaims {
  return {
    publish: readPublish(reader.object('pub')),
    subscribe: readSubjects(reader.object('sub')),
    responses: reader.has('resp') ? readResponses(reader.object('resp')) : null,
  };
}

export function readGrants(reader: MemberReader): UserGrants {
  return {
    permissions: readPermissions(reader),
    sources: readSources(reader),
    times: reader.objects('times', readWindow),
    timeZone: reader.text('times_location'),
    subscriptionsMax: reader.integer('subs'),
    dataMax: reader.integer('data'),
    payloadMax: reader.integer('payload'),
    isBearer: reader.flag('bearer_token'),
    isProxyRequired: reader.flag('proxy_required'),
    connectionTypes: reader.texts('allowed_connection_types'),
  };
}

/** Nothing is granted beyond what everybody has: what a user signed by a scoped key must say. */
export function isBare(grants: UserGrants): boolean {
  const { permissions, sources, times, timeZone, subscriptionsMax, dataMax, payloadMax } = grants;
  const isOpen = isUnsaid(permissions) && sources.length === 0 && times.length === 0 && timeZone === '';
  const isUnlimited = subscriptionsMax === 0 && dataMax === 0 && payloadMax === 0;
  return isOpen && isUnlimited && !grants.isBearer && !grants.isProxyRequired && grants.connectionTypes.length === 0;
}

/** No permission is mentioned at all. */
export function isUnsaid({ publish, subscribe, responses }: PermissionClaims): boolean {
  return [publish.allow, publish.deny, subscribe.allow, subscribe.deny].every(isEmpty) && responses === null;
}

function isEmpty(list: readonly string[]): boolean {
  return list.length === 0;
}

function readSubjects(reader: MemberReader): SubjectClaims {
  return { allow: reader.texts('allow'), deny: reader.texts('deny') };
}

function readPublish(reader: MemberReader): SubjectClaims {
  const subjects = readSubjects(reader);
  const isClosed = reader.has('allow') && isEmpty(subjects.allow) && !isEmpty(subjects.deny);
  return isClosed ? { ...subjects, isClosed } : subjects;
}

function readResponses(reader: MemberReader): ResponseClaims {
  return { max: reader.integer('max'), ttlMs: reader.integer('ttl') / NANOSECONDS };
}

/** Tokens of version 1 have one text with commas. */
function readSources(reader: MemberReader): readonly string[] {
  const written = reader.raw('src');
  if (typeof written !== 'string') return reader.list('src', asText);
  return written.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

function readWindow(reader: MemberReader): TimeWindowClaims {
  return { start: reader.text('start'), end: reader.text('end') };
}
