/** What is wrong with the claims of a user, in the words of a NATS server: the first thing found. */
import { DailyWindows, parseSubnet, quotedText } from '../../../kernel/plugin-api.ts';
import type { UserGrants } from '../../../protocols/jwt/permission-claims.ts';
import type { UserClaims } from '../../../protocols/jwt/user-claims.ts';
import { decodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';
import { timeIssue } from '../answer/time-issue.ts';

export function userIssue(claims: UserClaims, now: number): string | null {
  return timeIssue(claims, now) ?? permissionIssue(claims) ?? limitIssue(claims) ?? accountIssue(claims);
}

function permissionIssue({ permissions: { publish, subscribe } }: UserGrants): string | null {
  for (const entry of [...subscribe.allow, ...subscribe.deny]) {
    const issue = entryIssue(entry, true);
    if (issue !== null) return issue;
  }
  for (const entry of [...publish.allow, ...publish.deny]) {
    const issue = entryIssue(entry, false);
    if (issue !== null) return issue;
  }
  return null;
}

/** `subject`, or `subject queue` where there are queues. */
function entryIssue(entry: string, mayHaveQueue: boolean): string | null {
  const [subject = '', queue, ...rest] = entry.split(' ');
  if (rest.length > 0) return `Permission Subject ${quotedText(entry)} contains too many spaces`;
  if (queue === undefined) return subjectIssue(subject);
  if (!mayHaveQueue) return `Permission Subject ${quotedText(entry)} is not allowed to contain queue`;
  return subjectIssue(subject) ?? subjectIssue(queue);
}

function subjectIssue(subject: string): string | null {
  if (subject === '') return 'subject cannot be empty';
  const named = `subject ${quotedText(subject)}`;
  if (subject.startsWith('.') || subject.endsWith('.')) return `${named} cannot start or end with a \`.\``;
  return subject.includes('..') ? `${named} cannot contain consecutive \`.\`` : null;
}

function limitIssue({ sources, times, timeZone }: UserGrants): string | null {
  const network = sources.find((source) => parseSubnet(source) === null);
  if (network !== undefined) return `invalid cidr ${quotedText(network)} in user src limits`;
  for (const { start, end } of times) {
    if (start === '') return 'time ranges start must contain a start';
    if (!isTimeOfDay(start)) return `start in time range is invalid ${quotedText(start)}`;
    if (end === '') return 'time ranges end must contain an end';
    if (!isTimeOfDay(end)) return `end in time range is invalid ${quotedText(end)}`;
  }
  if (timeZone === '' || isTimeZone(timeZone)) return null;
  return `could not parse iana time zone by name: unknown time zone ${quotedText(timeZone).slice(1, -1)}`;
}

function isTimeOfDay(text: string): boolean {
  return 'endAfter' in DailyWindows.from([{ start: text, end: text }], '');
}

function isTimeZone(name: string): boolean {
  return 'endAfter' in DailyWindows.from([], name);
}

function accountIssue({ issuerAccount }: UserClaims): string | null {
  if (issuerAccount === '' || decodePublicKey(issuerAccount)?.kind === NkeyKind.account) return null;
  return 'account_id is not an account public key';
}
