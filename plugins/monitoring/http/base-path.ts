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
