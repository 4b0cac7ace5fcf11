/** Reads the members of a JSON object one by one; the first of a wrong type ends the reading with a typed reason. */

export class MistypedMember extends Error {}

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze({});

export class MemberReader {
  private readonly members: Readonly<Record<string, unknown>>;
  private readonly path: string;

  /** An absent object has no members: all reads answer their default. */
  constructor(value: unknown, path: string) {
    this.path = path;
    this.members = value === undefined || value === null ? NOTHING : asObject(value, path);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.members, key) && this.members[key] !== null;
  }

  text(key: string): string {
    return this.read(key, '', asText);
  }

  flag(key: string): boolean {
    return this.read(key, false, asFlag);
  }

  /** 0 when absent: in claims, what is left out counts as that. */
  integer(key: string): number {
    return this.read(key, 0, asInteger);
  }

  texts(key: string): readonly string[] {
    return this.read(key, [], (value, path) => {
      if (!Array.isArray(value)) throw mistyped(path, 'an array');
      // Lists of texts may be long: a path is made for the one that is none.
      const at = value.findIndex((item) => typeof item !== 'string');
      if (at >= 0) throw mistyped(`${path}[${at}]`, 'a string');
      return value;
    });
  }

  list<Item>(key: string, readItem: (value: unknown, path: string) => Item): readonly Item[] {
    return this.read(key, [], (value, path) => {
      if (!Array.isArray(value)) throw mistyped(path, 'an array');
      return value.map((item, at) => readItem(item, `${path}[${at}]`));
    });
  }

  objects<Item>(key: string, readItem: (reader: MemberReader) => Item): readonly Item[] {
    return this.list(key, (value, path) => readItem(new MemberReader(value, path)));
  }

  /** By name, in the order they stand in. */
  record<Item>(key: string, readItem: (value: unknown, path: string) => Item): ReadonlyMap<string, Item> {
    return this.read(key, new Map<string, Item>(), (value, path) => {
      const entries = Object.entries(asObject(value, path));
      return new Map(entries.map(([name, item]) => [name, readItem(item, `${path}.${name}`)]));
    });
  }

  object(key: string): MemberReader {
    return new MemberReader(this.raw(key), this.pathOf(key));
  }

  raw(key: string): unknown {
    return Object.hasOwn(this.members, key) ? this.members[key] : undefined;
  }

  private read<Value>(key: string, absent: Value, take: (value: unknown, path: string) => Value): Value {
    return this.has(key) ? take(this.members[key], this.pathOf(key)) : absent;
  }

  private pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

export function asText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw mistyped(path, 'a string');
  return value;
}

export function asInteger(value: unknown, path: string): number {
  if (!Number.isInteger(value)) throw mistyped(path, 'an integer');
  return value as number;
}

function asFlag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw mistyped(path, 'a boolean');
  return value;
}

function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mistyped(path, 'an object');
  return value as Record<string, unknown>;
}

function mistyped(path: string, wanted: string): MistypedMember {
  return new MistypedMember(`claims: ${path === '' ? 'the payload' : quotedPath(path)} is not ${wanted}`);
}

function quotedPath(path: string): string {
  return `"${path}"`;
}
