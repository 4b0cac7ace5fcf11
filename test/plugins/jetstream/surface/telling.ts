/** What a client library got for each of its calls, one line each, without what is never the same twice. */

const FLEETING = new Set([
  'created',
  'ts',
  'time',
  'timestamp',
  'timestampNanos',
  'last_active',
  'first_ts',
  'last_ts',
  'pause_until',
  'pause_remaining',
  'cluster',
  'api',
  'nuid',
  'mtime',
  'active',
  'alternates',
  '_nats.ver',
  'pinned_ts',
  'opt_start_time',
]);

export class Telling {
  readonly lines: string[] = [];

  tell(what: string, value: unknown): void {
    this.lines.push(`${what}: ${plain(value)}`);
  }

  /** The answer, or why there is none. */
  async ask<Answer>(
    what: string,
    asked: Promise<Answer>,
    show: (answer: Answer) => unknown = (answer) => answer,
  ): Promise<Answer | null> {
    try {
      const answer = await asked;
      this.tell(what, show(answer));
      return answer;
    } catch (error) {
      this.lines.push(`${what}: refused: ${(error as Error).message}`);
      return null;
    }
  }
}

function plain(value: unknown): string {
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (FLEETING.has(key)) return undefined;
    if (typeof inner === 'bigint') return String(inner);
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString('latin1');
    return inner;
  });
  return (text ?? 'undefined')
    .replace(/\b[A-Z0-9]{22}\b/g, 'ID')
    .replace(/\b[A-Z0-9]{8}\b(?=")/gi, (found) => (/\d/.test(found) ? 'NAME' : found));
}

/** As many as are wanted, or as come until it ends. */
export async function gathered<One, Shown>(
  all: AsyncIterable<One>,
  most: number,
  show: (one: One) => Shown,
): Promise<Shown[]> {
  const found: Shown[] = [];
  if (most === 0) return found;
  for await (const one of all) {
    found.push(show(one));
    if (found.length >= most) break;
  }
  return found;
}

/** The same object, which remembers which of its methods were called. */
export function watched<Api extends object>(api: Api, called: Set<string>): Api {
  return new Proxy(api, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        called.add(String(name));
        return value.apply(target, given);
      };
    },
  });
}

/** The methods that an object's class offers to everybody. */
export function offered(api: object, except: readonly string[]): string[] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(api) as object);
  const isMethod = (name: string): boolean =>
    typeof Object.getOwnPropertyDescriptor(Object.getPrototypeOf(api) as object, name)?.value === 'function';
  return names.filter(
    (name) => name !== 'constructor' && !name.startsWith('_') && isMethod(name) && !except.includes(name),
  );
}
