/** What stands in the headers of a request. */

type Headers = ReadonlyMap<string, readonly string[]>;

/** The first value; empty where there is none. */
export function headerOf(headers: Headers, name: string): string {
  return headers.get(name)?.[0] ?? '';
}

/** The parts of comma lists, over all lines. */
export function listOf(headers: Headers, name: string): string[] {
  return (headers.get(name) ?? []).flatMap((value) => value.split(',').map((part) => part.trim()));
}

/** Whether a list has the word, in capitals or not. */
export function hasToken(headers: Headers, name: string, token: string): boolean {
  return listOf(headers, name).some((part) => part.toLowerCase() === token);
}

/** Whether an extension is offered, with whatever parameters. */
export function offersExtension(headers: Headers, name: string): boolean {
  return listOf(headers, 'sec-websocket-extensions').some((offer) => offer.split(';')[0]!.trim() === name);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a value of a cookie may not have them
const NO_COOKIE_VALUE = /[\x00-\x1f\x7f-\xff;\\"]/;

/** Cookies by name, the last of a name. What is no cookie is passed over. */
export function cookiesOf(headers: Headers): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (headers.get('cookie') ?? []).flatMap((line) => line.split(';'))) {
    const [, name, given] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (name === undefined || given === undefined) continue;
    const value = /^"(.*)"$/.exec(given)?.[1] ?? given;
    if (!NO_COOKIE_VALUE.test(value)) cookies.set(name, value);
  }
  return cookies;
}
