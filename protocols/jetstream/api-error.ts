/** Errors as answers carry them. */
import { ERROR_TABLE, type ErrorNumber } from './error-table.ts';
import type { Codec } from './json/codec.ts';
import { printString } from './json/print-json.ts';

export class ApiError {
  readonly code: number;
  readonly number: ErrorNumber;
  readonly description: string;

  constructor(code: number, number: ErrorNumber, description: string) {
    this.code = code;
    this.number = number;
    this.description = description;
  }
}

type Filling = Readonly<Record<string, string | number | bigint>>;

export function apiError(number: ErrorNumber, filling: Filling = {}): ApiError {
  const [code, template] = ERROR_TABLE[number];
  const text = template.replace(/\{(\w+)\}/g, (written, name: string) => String(filling[name] ?? written));
  return new ApiError(code, number, text);
}

/** A stream's configuration is refused for a reason that has no number of its own. */
export function invalidConfig(text: string): ApiError {
  return apiError(10052, { err: text });
}

/** A request that asks for no silent adjustments would need one. */
export function pedanticError(text: string): ApiError {
  return apiError(10157, { err: text });
}

export function printError(error: ApiError): string {
  return `{"code":${error.code},"err_code":${error.number},"description":${printString(error.description)}}`;
}

/** Answers are only printed by this side. */
export const errorCodec: Codec<ApiError | null> = {
  typeName: 'server.ApiError',
  zero: () => null,
  isZero: (value) => value === null,
  read: () => null,
  print: (value) => (value === null ? 'null' : printError(value)),
};
