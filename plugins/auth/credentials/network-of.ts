/** Whom addresses belong to: what one of them does is laid to all. */

/** One customer has a whole /64 of IPv6. */
export function networkOf(host: string): string {
  if (!host.includes(':') || host.includes('.')) return host;
  const [head = '', tail] = host.split('::');
  const groups = head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
  return [...groups, ...new Array<string>(Math.max(0, missing)).fill('0')].slice(0, 4).join(':');
}
