/** Permissions as one would write them down, with arrays and strings: what the fast form is compared with. */
import type { SubjectRules } from '../../../kernel/permissions/permission-rules.ts';

export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  if (tokens.includes('')) return false;
  if (wanted.at(-1) === '>') return tokens.length >= wanted.length && startsAlike(wanted.slice(0, -1), tokens);
  return tokens.length === wanted.length && startsAlike(wanted, tokens);
}

function startsAlike(wanted: readonly string[], tokens: readonly string[]): boolean {
  return wanted.every((token, at) => token === '*' || token === tokens[at]);
}

export function mayPublish({ allow, deny }: SubjectRules, subject: string): boolean {
  if (allow !== null && !allow.some((entry) => matches(entry, subject))) return false;
  return !deny.some((entry) => matches(entry, subject));
}

function split(entries: readonly string[]): { subject: string; queue: string }[] {
  return entries.map((entry) => {
    const [subject = '', queue = ''] = entry.split(' ');
    return { subject, queue };
  });
}

export function maySubscribe({ allow, deny }: SubjectRules, subject: string, queue: string): boolean {
  return isAllowed(allow, subject, queue) && !isDenied(deny, subject, queue);
}

function isAllowed(allow: readonly string[] | null, subject: string, queue: string): boolean {
  if (allow === null) return true;
  const about = split(allow).filter((entry) => matches(entry.subject, subject));
  const queued = about.filter((entry) => entry.queue !== '');
  if (queue !== '' && queued.length > 0) return queued.some((entry) => matches(entry.queue, queue));
  return about.some((entry) => entry.queue === '');
}

function isDenied(deny: readonly string[], subject: string, queue: string): boolean {
  return split(deny).some(
    (entry) => matches(entry.subject, subject) && (entry.queue === '' || (queue !== '' && matches(entry.queue, queue))),
  );
}

/** Whether a message reaches a subscription that was permitted. */
export function mayReceive({ deny }: SubjectRules, queue: string, published: string): boolean {
  return !isDenied(deny, published, queue);
}
