import { mkdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { markedSources } from '../../bin/private-names.ts';
import { Folder } from './broker-process.ts';

const CONFIGURATION = '{ "compilerOptions": { "strict": true, "rootDir": ".." }, "include": [".", "../kernel"] }';

/** The one source of a package, with its marks. */
function marked(source: string): string | undefined {
  using folder = new Folder();
  for (const name of ['bin', 'kernel']) mkdirSync(folder.file(name));
  folder.write('bin/tsconfig.bundle.json', CONFIGURATION);
  const path = folder.write('kernel/source.ts', source);
  return markedSources(folder.path).get(path);
}

const SHARED_NAMES = `export class Queue {
  private length = 0;
  readonly limit = 8;
  get room(): number {
    return this.limit - this.length;
  }
  isLonger(other: Queue, text: string): boolean {
    return this.length > other.length && other.length > text.length;
  }
}
export class Letter {
  length = 3;
  grow(): number {
    return this.length++;
  }
}
`;

test('a name is marked where it is private, and left alone where it is not', () => {
  const expected = SHARED_NAMES.replace('private length', 'private length$private')
    .replace('this.limit - this.length', 'this.limit - this.length$private')
    .replace(
      'this.length > other.length && other.length >',
      'this.length$private > other.length$private && other.length$private >',
    );
  assert.is(marked(SHARED_NAMES), expected);
});

test('what is taken out of an object keeps the name it has there', () => {
  const source = `export class Pair {
  private left = 'l';
  private right = 'r';
  both = 'b';
  private join(): string {
    const { left, right: second, both } = this;
    return left + second + both;
  }
  say = (): string => this.join();
}
`;
  const expected = source
    .replace('private left', 'private left$private')
    .replace('private right', 'private right$private')
    .replace('private join', 'private join$private')
    .replace('{ left, right: second,', '{ left$private: left, right$private: second,')
    .replace('this.join()', 'this.join$private()');
  assert.is(marked(source), expected);
});

test('a private name that is reached as text stops the build, because it would be missed', () => {
  const source = "export class Safe {\n  private code = 7;\n  tell(): number {\n    return this['code'];\n  }\n}\n";
  assert.throws(() => marked(source), /source\.ts: code is private; write it with a dot/);
});

test('letters of any width stand before a mark', () => {
  const source =
    "export class Unit {\n  private sign = '\u00b5\u{1f600}'; /* \u00e4 */ private more = this.sign;\n  all = (): string => this.more;\n}\n";
  const expected = source
    .replace('private sign', 'private sign$private')
    .replace('private more = this.sign', 'private more$private = this.sign$private')
    .replace('=> this.more', '=> this.more$private');
  assert.is(marked(source), expected);
});

test.run();
