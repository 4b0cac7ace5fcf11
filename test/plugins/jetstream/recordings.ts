/**
 * What a genuine server answered, kept so that every run of the tests can hold our answers against it. `npm run test:interop` with
 * GNATLET_RECORD=1 writes it anew.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../runner/package-root.ts';
import type { Conversation } from './said.ts';

const FOLDER = join(packageRoot(), 'test', 'fixtures', 'jetstream');

export function recorded(conversation: Conversation): string[] {
  return readFileSync(pathOf(conversation), 'utf8').trimEnd().split('\n');
}

export function record(conversation: Conversation, heard: readonly string[]): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(pathOf(conversation), `${heard.map(oneLine).join('\n')}\n`);
}

/** Header values may hold line feeds. */
export function oneLine(text: string): string {
  return text.replace(/\r/g, '\\r').replace(/\n/g, '\\n').trimEnd();
}

function pathOf({ name }: Conversation): string {
  return join(FOLDER, `${name.replace(/[^a-z]+/gi, '-')}.txt`);
}
