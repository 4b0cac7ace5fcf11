/** Paths of requests: what is clean, and what lies below the configured base. */

/** The base as it is matched: with a slash in front and none behind; empty for the root. */
export function cleanBase(text: string): string {
  const clean = cleanPath(text.startsWith('/') ? text : `/${text}`);
  return clean.replace(/\/$/, '');
}

/** The path without empty and dot segments. A slash at the end stays. */
export function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const clean = `/${kept.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** What a request is for: a path and what stands behind the question mark. Proxies send whole addresses. */
export function splitTarget(target: string): { path: string; search: string } {
  const local = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const at = local.indexOf('?');
  const path = at === -1 ? local : local.slice(0, at);
  return { path: path === '' ? '/' : path, search: at === -1 ? '' : local.slice(at + 1) };
}

/** With the escapes read, one character a byte. Null: one of them is none. */
export function decodedPath(path: string): string | null {
  if (/%(?![0-9a-f]{2})/i.test(path)) return null;
  return path.replace(/%(..)/g, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** As it may stand in a header again. */
export function encodedPath(path: string): string {
  return path.replace(/[^\w\-.~!$&'()*+,;=:@/]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
