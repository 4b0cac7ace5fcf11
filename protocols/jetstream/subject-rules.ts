/** What a configuration may ask of subjects, on text. */

export function isValidSubject(subject: string): boolean {
  if (subject === '' || /[ \t\n\f\r]/.test(subject)) return false;
  const tokens = subject.split('.');
  return tokens.every((token, at) => token !== '' && (token !== '>' || at === tokens.length - 1));
}

export function isLiteralSubject(subject: string): boolean {
  return !subject.split('.').some((token) => token === '*' || token === '>');
}

export function isValidLiteral(subject: string): boolean {
  return isValidSubject(subject) && isLiteralSubject(subject);
}

/** There is a subject that both match. */
export function collide(left: string, right: string): boolean {
  if (left === right) return true;
  const leftTokens = left.split('.');
  const rightTokens = right.split('.');
  for (let at = 0; ; at++) {
    const one = leftTokens[at];
    const other = rightTokens[at];
    if (one === undefined || other === undefined) return one === other;
    if (one === '>' || other === '>') return true;
    if (one !== other && one !== '*' && other !== '*') return false;
  }
}

/** Whatever `narrow` matches, `wide` matches too. */
export function isSubset(narrow: string, wide: string): boolean {
  const narrowTokens = narrow.split('.');
  const wideTokens = wide.split('.');
  for (let at = 0; at < wideTokens.length; at++) {
    const token = narrowTokens[at];
    if (token === undefined) return false;
    if (wideTokens[at] === '>') return true;
    if (token === '>' || (wideTokens[at] !== '*' && wideTokens[at] !== token)) return false;
  }
  return narrowTokens.length === wideTokens.length;
}
