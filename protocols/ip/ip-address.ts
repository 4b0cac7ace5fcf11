/** IP addresses as text and as bytes: 4 of them or 16. */

/** Null when the text is not an address. A zone (`%eth0`) means nothing on another machine and is refused. */
export function parseIp(text: string): Uint8Array | null {
  return text.includes(':') ? parseIp6(text) : parseIp4(text);
}

/** The shortest usual form; an IPv4 address in IPv6 clothes is written as IPv4. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  return formatIp6(bytes);
}

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function isMapped(bytes: Uint8Array): boolean {
  return MAPPED_PREFIX.every((byte, index) => bytes[index] === byte);
}

function parseIp4(text: string): Uint8Array | null {
  const parts = text.split('.');
  // A leading zero would mean octal to some readers.
  const isValid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return isValid ? Uint8Array.from(parts, Number) : null;
}

function parseIp6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupBytes);
  if (head === undefined || head === null || tail === null) return null;
  if (tail === undefined) return head.length === 16 ? Uint8Array.from(head) : null;
  // The double colon stands for one group at least.
  const gap = 16 - head.length - tail.length;
  return gap >= 2 ? Uint8Array.from([...head, ...new Array<number>(gap).fill(0), ...tail]) : null;
}

/** The bytes of `a:b:c`, whose last group may be an IPv4 address. */
function groupBytes(text: string, half: number, halves: string[]): number[] | null {
  if (text === '') return halves.length === 2 ? [] : null;
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const isLast = index === groups.length - 1 && half === halves.length - 1;
    const ip4 = isLast && group.includes('.') ? parseIp4(group) : null;
    if (ip4 !== null) bytes.push(...ip4);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return null;
  }
  return bytes;
}

function formatIp6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!);
  const [start, length] = longestZeros(groups);
  const write = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return write(groups);
  return `${write(groups.slice(0, start))}::${write(groups.slice(start + length))}`;
}

function longestZeros(groups: number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  for (let index = 0; index < groups.length; index++) {
    if (groups[index] !== 0) start = index + 1;
    else if (index + 1 - start > best[1]) best = [start, index + 1 - start];
  }
  return best;
}
