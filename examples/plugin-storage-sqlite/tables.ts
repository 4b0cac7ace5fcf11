/** The tables, and every question that is asked of them, prepared once. */
import type { Database, Statement } from './sqlite-module.ts';

const TABLES = `
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS stores (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, identity INTEGER NOT NULL, incarnation INTEGER NOT NULL,
    staged INTEGER NOT NULL, last INTEGER NOT NULL, seconds INTEGER NOT NULL, nanos INTEGER NOT NULL,
    writes INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS records (
    store INTEGER NOT NULL, seq INTEGER NOT NULL, seconds INTEGER NOT NULL, nanos INTEGER NOT NULL,
    flags INTEGER NOT NULL, subject INTEGER NOT NULL, header INTEGER NOT NULL, content BLOB NOT NULL,
    removed INTEGER, PRIMARY KEY (store, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS cells (
    store INTEGER NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, name)) WITHOUT ROWID;
`;

/** Rows that were removed stay, with the number of the removal, as long as a snapshot may show them. */
const QUESTIONS = {
  stores: 'SELECT * FROM stores',
  addStore: 'INSERT INTO stores VALUES (?, ?, ?, 1, ?, ?, 0, 0, 0)',
  raiseIncarnation: 'UPDATE stores SET incarnation = ? WHERE number = ?',
  publish: 'UPDATE stores SET staged = 0 WHERE number = ?',
  saveState: 'UPDATE stores SET last = ?, seconds = ?, nanos = ?, writes = ? WHERE number = ?',
  dropStore: 'DELETE FROM stores WHERE number = ?',
  dropRecords: 'DELETE FROM records WHERE store = ?',
  dropCells: 'DELETE FROM cells WHERE store = ?',
  append: 'INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)',
  read: 'SELECT * FROM records WHERE store = ? AND seq = ? AND removed IS NULL',
  first: 'SELECT min(seq) AS seq FROM records WHERE store = ? AND seq >= ? AND removed IS NULL',
  sum: `SELECT count(*) AS count, coalesce(sum(length(content)), 0) AS bytes FROM records
    WHERE store = ? AND seq BETWEEN ? AND ? AND removed IS NULL`,
  remove: 'UPDATE records SET removed = ? WHERE store = ? AND seq BETWEEN ? AND ? AND removed IS NULL',
  delete: 'DELETE FROM records WHERE store = ? AND seq BETWEEN ? AND ? AND removed IS NULL',
  deleteRemoved: 'DELETE FROM records WHERE store = ? AND removed IS NOT NULL',
  sequences: `SELECT seq FROM records WHERE store = ? AND seq BETWEEN ? AND ? AND removed IS NULL
    ORDER BY seq LIMIT 1000`,
  up: `SELECT * FROM records WHERE store = ? AND seq BETWEEN ? AND ? AND (removed IS NULL OR removed > ?)
    ORDER BY seq LIMIT 100`,
  down: `SELECT * FROM records WHERE store = ? AND seq BETWEEN ? AND ? AND (removed IS NULL OR removed > ?)
    ORDER BY seq DESC LIMIT 100`,
  putCell: 'INSERT OR REPLACE INTO cells VALUES (?, ?, ?)',
  getCell: 'SELECT value FROM cells WHERE store = ? AND name = ?',
  deleteCell: 'DELETE FROM cells WHERE store = ? AND name = ?',
  cellNames: 'SELECT name FROM cells WHERE store = ? ORDER BY name',
} as const;

export type Tables = Record<keyof typeof QUESTIONS, Statement>;

export function prepareTables(database: Database): Tables {
  database.exec(TABLES);
  const prepared = Object.entries(QUESTIONS).map(([name, sql]) => [name, database.prepare(sql)]);
  return Object.fromEntries(prepared) as Tables;
}
