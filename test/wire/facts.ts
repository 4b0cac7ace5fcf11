/**
 * Claims about a JSON value, separated by blanks:
 *   a.b.0=1      that member is this JSON value (or this text, when it is not JSON)
 *   a            that member is there
 *   !a           that member is not there
 *   a~pattern    that member, as text, matches the pattern
 */
export function checkFacts(value: unknown, facts: string): string {
  for (const fact of facts.split(' ')) {
    const problem = fact === '' ? '' : checkFact(value, fact);
    if (problem !== '') return `${problem} in ${JSON.stringify(value)}`;
  }
  return '';
}

function checkFact(value: unknown, fact: string): string {
  const [, no, path, sign, wanted = ''] = /^(!?)([^=~]+)(?:([=~])(.*))?$/s.exec(fact) ?? [];
  if (path === undefined) return `"${fact}" is no claim`;
  const member = memberAt(value, path.split('.'));
  if (no === '!') return member === undefined ? '' : `"${path}" is there`;
  if (member === undefined) return `"${path}" is missing`;
  if (sign === '=') return isSame(member, wanted) ? '' : `"${path}" is not ${wanted}`;
  if (sign === '~') return new RegExp(wanted).test(asText(member)) ? '' : `"${path}" does not look like ${wanted}`;
  return '';
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  let member = value;
  for (const name of path) {
    if (typeof member !== 'object' || member === null) return undefined;
    member = (member as Record<string, unknown>)[name];
  }
  return member;
}

function isSame(member: unknown, wanted: string): boolean {
  return typeof member === 'string' && !wanted.startsWith('"') ? member === wanted : JSON.stringify(member) === wanted;
}

function asText(member: unknown): string {
  return typeof member === 'string' ? member : JSON.stringify(member);
}
