/** What is wrong with subjects in claims, in the words of NATS servers. */
import { isValidSubject, quotedText, subjectFromText } from '../../kernel/plugin-api.ts';
import type { PermissionClaims, SubjectClaims } from '../../protocols/jwt/permission-claims.ts';

/** Null when nothing is. */
export function subjectProblem(text: string): string | null {
  if (text === '') return 'subject cannot be empty';
  const subject = `subject ${quotedText(text)}`;
  if (text.includes(' ')) return `${subject} cannot have spaces`;
  if (text.startsWith('.') || text.endsWith('.')) return `${subject} cannot start or end with a \`.\``;
  if (text.includes('..')) return `${subject} cannot contain consecutive \`.\``;
  return isValidSubject(subjectFromText(text)) ? null : `${subject} is not valid`;
}

export function permissionProblems({ publish, subscribe }: PermissionClaims): readonly string[] {
  return [...listProblems(publish, publishProblem), ...listProblems(subscribe, subscribeProblem)];
}

function listProblems({ allow, deny }: SubjectClaims, check: (entry: string) => string | null): readonly string[] {
  return [...allow, ...deny].map(check).filter((problem) => problem !== null);
}

function publishProblem(entry: string): string | null {
  if (entry.includes(' ')) return `Permission Subject ${quotedText(entry)} is not allowed to contain queue`;
  return subjectProblem(entry);
}

/** An entry for subscriptions may be `subject queue`. */
function subscribeProblem(entry: string): string | null {
  const parts = entry.split(' ');
  if (parts.length > 2) return `Permission Subject ${quotedText(entry)} contains too many spaces`;
  return parts.map(subjectProblem).find((problem) => problem !== null) ?? null;
}
