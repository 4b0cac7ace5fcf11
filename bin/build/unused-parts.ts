/**
 * What packages can do and nobody here asks them for, so that one file need not carry it.
 *
 * A name that another version of a package does not have is passed over: the file is larger then, and no less right.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'esbuild';

/** By the file of a package and how a function or method begins, what its body is to be: nothing where it is never called. */
const BODIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // The host makes everything by functions that destructure what they need.
  'awilix.browser.mjs': {
    'function isClass': '',
    'function asClass': '',
    'function parseParameterList': '',
    'function wrapWithLocals': '',
    'function createInjectorProxy': '',
  },
  // Taps run one after the other, and nobody listens in on them.
  'HookCodeFactory.js': {
    callTapsLooping: '',
    callTapsParallel: '',
    contentWithInterceptors: 'return this.content(arguments[0]);',
    getInterceptor: '',
    getTap: '',
  },
  'Hook.js': { withOptions: '', intercept: '', isUsed: '' },
  // A line is one text, from one logger.
  'browser.js': {
    'function buildRedactFn': '',
    'function child': '',
    'function prependBindingsInArguments': '',
    'function applySerializers': '',
    'function transmit': '',
    'function createLogEventShape': '',
    'function asErrValue': '',
    'function getCallerLocation': '',
  },
};

/** What pino would bring with it, and has nothing to do: texts have no secrets to hide, and no places to fill. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  '@pinojs/redact': 'module.exports = () => undefined;',
  'quick-format-unescaped': 'module.exports = (text) => text;',
};

const PACKAGE_FILE = /[\\/]node_modules[\\/](awilix|tapable|pino)[\\/](lib[\\/])?[A-Za-z.]+\.m?js$/;

export const withoutUnusedParts: Plugin = {
  name: 'without-unused-parts',
  setup(build) {
    build.onLoad({ filter: PACKAGE_FILE }, async ({ path }) => {
      const bodies = Object.entries(BODIES[basename(path)] ?? {});
      if (bodies.length === 0) return undefined;
      const text = await readFile(path, 'utf8');
      return { contents: bodies.reduce((rest, [head, body]) => withBody(rest, head, body), text), loader: 'js' };
    });
    build.onResolve({ filter: /^(@pinojs\/redact|quick-format-unescaped)$/ }, ({ path }) => ({
      path,
      namespace: 'stands-for',
    }));
    build.onLoad({ filter: /./, namespace: 'stands-for' }, ({ path }) => ({ contents: STANDS_FOR[path]! }));
  },
};

/** A function ends with the first brace that stands alone as far to the right as the function begins. */
function withBody(text: string, head: string, body: string): string {
  const whole = new RegExp(`^([ \\t]*)${head} ?\\([^]*?\\n\\1\\}$`, 'm');
  return text.replace(whole, `$1${head}() { ${body} }`);
}
