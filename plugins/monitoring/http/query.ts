/** Parameters of a request, read as a NATS server reads them, with its texts for what cannot be read. */
import { quotedText } from '../../../kernel/plugin-api.ts';
import type { MonitorQuery } from '../contract.ts';

/** Ends the request with 400 and this text. */
export class BadRequest extends Error {}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['', '0', 'f', 'F', 'false', 'FALSE', 'False']);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

export class Query implements MonitorQuery {
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  text(name: string): string {
    return this.#parameters.get(name) ?? '';
  }

  boolean(name: string): boolean {
    const value = this.text(name);
    if (TRUE.has(value)) return true;
    if (FALSE.has(value)) return false;
    throw new BadRequest(
      `Error decoding boolean for '${name}': strconv.ParseBool: parsing ${quotedText(value)}: invalid syntax`,
    );
  }

  integer(name: string): number {
    const value = this.text(name);
    if (value === '') return 0;
    if (!/^[-+]?\d+$/.test(value)) throw notParsed('int', name, 'Atoi', value, 'invalid syntax');
    const exact = BigInt(value.replace(/^\+/, ''));
    if (exact > INT64_MAX || exact < -INT64_MAX - 1n) throw notParsed('int', name, 'Atoi', value, 'value out of range');
    return Number(exact);
  }

  unsigned(name: string): bigint {
    const value = this.text(name);
    if (value === '') return 0n;
    if (!/^\d+$/.test(value)) throw notParsed('uint64', name, 'ParseUint', value, 'invalid syntax');
    const exact = BigInt(value);
    if (exact > UINT64_MAX) throw notParsed('uint64', name, 'ParseUint', value, 'value out of range');
    return exact;
  }

  subscriptions(name: string): 'none' | 'subjects' | 'detail' {
    if (this.text(name).toLowerCase() === 'detail') return 'detail';
    return this.boolean(name) ? 'subjects' : 'none';
  }
}

function notParsed(kind: string, name: string, parser: string, value: string, why: string): BadRequest {
  return new BadRequest(
    `Error decoding ${kind} for '${name}': strconv.${parser}: parsing ${quotedText(value)}: ${why}`,
  );
}

/** Parameters of an address. Those that cannot be read are left out, as are those with a semicolon, which once parted them. */
export function readSearch(search: string): URLSearchParams {
  const isReadable = (pair: string): boolean => !pair.includes(';') && !/%(?![0-9a-f]{2})/i.test(pair);
  return new URLSearchParams(search.split('&').filter(isReadable).join('&'));
}
