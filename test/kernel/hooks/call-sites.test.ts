import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CATALOGUE } from '../../../kernel/hooks/catalogue.ts';
import { packageRoot } from '../../runner/package-root.ts';

/** Outside of the kernel: a reload is the command's, and the record of a traced message is kept by the plugin that traces. */
const ELSEWHERE = ['bin/reload.ts', 'plugins/message-trace/tracer.ts'];

/** The kernel's sources, without the folder that only declares. */
function kernelSources(): string {
  const folder = join(packageRoot(), 'kernel');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => path.endsWith('.ts') && !path.startsWith('hooks'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n');
}

test('every hook that is declared is called somewhere', () => {
  const others = ELSEWHERE.map((path) => readFileSync(join(packageRoot(), path), 'utf8'));
  const sources = [kernelSources(), ...others].join('\n');
  const fields = Object.keys(CATALOGUE).map((name) =>
    name.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase()),
  );
  const uncalled = fields.filter((field) => !new RegExp(`\\b${field}\\.slot\\b|\\bwatch\\.${field}\\b`).test(sources));
  assert.equal(uncalled, []);
});

test.run();
