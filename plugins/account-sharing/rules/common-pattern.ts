/** What two patterns have in common. */

/** The pattern of all literal subjects that both match; null when there is none. */
export function commonPattern(one: string, other: string): string | null {
  const left = one.split('.');
  const right = other.split('.');
  const common: string[] = [];
  for (let at = 0; ; at++) {
    if (left[at] === '>') return right.length > at ? [...common, ...right.slice(at)].join('.') : null;
    if (right[at] === '>') return left.length > at ? [...common, ...left.slice(at)].join('.') : null;
    if (at === left.length || at === right.length) return left.length === right.length ? common.join('.') : null;
    const token = tokensInCommon(left[at] as string, right[at] as string);
    if (token === null) return null;
    common.push(token);
  }
}

/** Of two tokens, either of which may be a `*`. */
export function tokensInCommon(one: string, other: string): string | null {
  if (one === '*') return other;
  return other === '*' || one === other ? one : null;
}
