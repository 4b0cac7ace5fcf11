/** What one test file's process said, read as counts. */
import { SKIP_MARK } from './skip.ts';

export interface ProcessEnd {
  output: string;
  exitCode: number | null;
  signal: string | null;
  isOverdue: boolean;
}

export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  skipReasons: string[];
  /** Why the file fails though none of its tests did; empty when it does not. */
  trouble: string;
}

export function readOutcome(end: ProcessEnd, deadlineMs: number): Outcome {
  const total = countOf('Total', end.output);
  const passed = countOf('Passed', end.output) ?? 0;
  const skipReasons = readSkips(end.output);
  const outcome: Outcome = {
    passed,
    failed: (total ?? 0) - passed,
    skipped: (countOf('Skipped', end.output) ?? 0) + skipReasons.length,
    skipReasons,
    trouble: '',
  };
  outcome.trouble = findTrouble(end, total, outcome, deadlineMs);
  if (outcome.trouble !== '' && outcome.failed === 0) outcome.failed = 1;
  return outcome;
}

function findTrouble(end: ProcessEnd, total: number | null, outcome: Outcome, deadlineMs: number): string {
  if (end.isOverdue) return `hung: still running after ${deadlineMs / 1000} s, killed`;
  if (end.signal !== null) return `killed by ${end.signal}`;
  if (outcome.failed > 0) return '';
  if (end.exitCode !== 0) return `exit code ${end.exitCode} though no test failed`;
  if ((total ?? 0) === 0 && outcome.skipReasons.length === 0) return 'ran no test: is test.run() missing?';
  return '';
}

/** The last such line counts: a test may print a summary of its own before. */
function countOf(label: string, output: string): number | null {
  const matches = [...output.matchAll(new RegExp(`^\\s*${label}:\\s+(\\d+)\\s*$`, 'gm'))];
  const last = matches.at(-1);
  return last === undefined ? null : Number(last[1]);
}

function readSkips(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith(SKIP_MARK))
    .map((line) => line.slice(SKIP_MARK.length).trim());
}
