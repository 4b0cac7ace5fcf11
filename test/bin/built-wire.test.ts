/** What `gnatlet build` makes says on the wire what the package says: names were shortened, and nothing else has changed. */
import * as assert from 'uvu/assert';
import { runScripts } from '../wire/run-scripts.ts';
import { gnatletTarget } from '../wire/targets.ts';
import { Folder, run } from './broker-process.ts';

/** From every part of the program, so that each plugin that clients can tell of has its turn. */
const TOPICS = ['connect', 'headers', 'permissions', 'queue', 'requests', 'sharing-streams', 'tls', 'trace'];

const BUILD_MS = 60_000;

const folder = new Folder();
const { code, err } = await run(
  ['build', '--plugins', 'full', '--out', 'full.cjs'],
  folder.path,
  process.env,
  BUILD_MS,
);
assert.equal([code, err], [0, '']);
process.on('exit', () => folder[Symbol.dispose]());

const target = gnatletTarget('a build', folder.file('full.cjs'));
for (const filter of TOPICS) runScripts(target, { pieceSizes: [0], filter });
