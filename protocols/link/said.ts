/** Reads what another server says of itself, key by key: what has another type than it should counts as absent. */

export interface SaidRules {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

export class Said {
  readonly whole: Readonly<Record<string, unknown>>;

  private constructor(whole: Readonly<Record<string, unknown>>) {
    this.whole = whole;
  }

  /** Null for what is no object. */
  static in(json: string): Said | null {
    try {
      const value: unknown = JSON.parse(json);
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
      return isObject ? new Said(value as Record<string, unknown>) : null;
    } catch {
      return null;
    }
  }

  text(key: string): string {
    const value = this.whole[key];
    return typeof value === 'string' ? value : '';
  }

  number(key: string): number {
    const value = this.whole[key];
    return Number.isSafeInteger(value) ? (value as number) : 0;
  }

  flag(key: string): boolean {
    return this.whole[key] === true;
  }

  /** Null when it is not there. */
  list(key: string): readonly string[] | null {
    const value = this.whole[key];
    return Array.isArray(value) ? textsIn(value) : null;
  }

  /** Null when they are not there. */
  rules(key: string): SaidRules | null {
    const rules = this.whole[key] as { allow?: unknown; deny?: unknown } | null | undefined;
    if (typeof rules !== 'object' || rules === null) return null;
    const { allow, deny } = rules;
    return {
      ...(Array.isArray(allow) ? { allow: textsIn(allow) } : {}),
      ...(Array.isArray(deny) ? { deny: textsIn(deny) } : {}),
    };
  }
}

function textsIn(values: readonly unknown[]): string[] {
  return values.filter((item): item is string => typeof item === 'string');
}
