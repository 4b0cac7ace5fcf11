/** The part of the package `node-sqlite3-wasm` that is used here, so that this compiles where it is not installed. */
export type Value = null | number | bigint | string | Uint8Array;
export type Row = Record<string, Value>;

export interface Statement {
  run(values?: readonly Value[]): unknown;
  all(values?: readonly Value[]): Row[];
  finalize(): void;
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

const PACKAGE: string = 'node-sqlite3-wasm';

export async function openDatabase(file: string): Promise<Database> {
  const loaded = (await import(PACKAGE)) as { default: { Database: new (file: string) => Database } };
  return new loaded.default.Database(file);
}

/** The first row, if there is one. All are read, because a statement that is left in the middle keeps the file locked. */
export function firstRow(statement: Statement, values: readonly Value[]): Row | undefined {
  return statement.all(values)[0];
}
