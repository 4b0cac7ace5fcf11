import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHooks, describeHooks } from '../../../kernel/hooks/hooks.ts';
import { packageRoot } from '../../runner/package-root.ts';

const read = (path: string): string => readFileSync(join(packageRoot(), path), 'utf8');
const readme = read('kernel/host/README.md');

test('the README shows the greeter as it is', () => {
  const source = read('test/kernel/host/greeter-plugin.ts').replace('../../../kernel/plugin-api.ts', 'gnatlet/plugin');
  assert.ok(readme.includes(source));
});

test('the README lists every hook with its arguments and kind', () => {
  const rows = describeHooks(createHooks({ tapThrew: () => {} })).map(
    ({ name, parameters, kind, plane, isDeciding }) => {
      const rule = isDeciding ? 'deciding' : kind.replace('-', ' ');
      return `| \`${name}\` | ${parameters.join(', ')} | ${rule}${plane === 'control' ? ', awaited' : ''} |`;
    },
  );
  assert.equal(
    rows.filter((row) => !readme.replace(/ +/g, ' ').includes(row)),
    [],
    'rows to add to kernel/host/README.md',
  );
});

test('the README explains every error code', () => {
  const codes = [...read('kernel/hooks/plugin-error.ts').matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code!);
  assert.ok(codes.length > 20);
  const missing = codes.filter((code) => !readme.includes(`### ${code}\n`));
  assert.equal(missing, []);
});

test.run();
