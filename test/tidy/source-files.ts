/** The files the tidy test looks at: everything that is ours and written by hand. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTokens, type Token } from './tokens.ts';

export interface ProjectFile {
  /** From the package root, with forward slashes. */
  path: string;
  text: string;
}

export interface SourceFile extends ProjectFile {
  tokens: Token[];
}

const IGNORED = new Set(['node_modules', 'dist', '.git']);
const TEXT_ENDINGS = /\.(ts|js|mjs|md|json|conf|wire|yml|yaml|txt|sh)$|^\.ci\/run$/;

export function readProject(root: string): ProjectFile[] {
  return listFiles(root, '')
    .filter((path) => TEXT_ENDINGS.test(path) && path !== 'package-lock.json')
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function toSources(files: readonly ProjectFile[]): SourceFile[] {
  return files.filter((file) => file.path.endsWith('.ts')).map((file) => sourceFile(file.path, file.text));
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, tokens: readTokens(text) };
}

function listFiles(root: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (IGNORED.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...listFiles(root, path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}
