/** The generator's process: one order as JSON in the first argument, one result as JSON on standard output. */
import { runLoad } from './run-load.ts';

try {
  const result = await runLoad(JSON.parse(process.argv[2] ?? '{}'));
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
