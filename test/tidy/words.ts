/** Words and addresses that do not belong in a file. */
import type { ProjectFile } from './source-files.ts';

const STRANGERS_TO_THE_KERNEL = /jetstream|raft|mqtt|gateway|leaf/i;

// Put together from halves, so that this file does not find itself.
const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
const MACHINE_PATH = new RegExp(
  `(^|[\\s'"\`(=:])/(${['wo' + 'rk', 'ho' + 'me', 'ro' + 'ot', 'Us' + 'ers'].join('|')})(/|$)`,
);
const REGISTRY = new RegExp(`//regis${'try'}\\.|np${'mjs'}\\.|yarn${'pkg'}\\.`, 'i');

export function checkKernelWords(files: readonly ProjectFile[]): string[] {
  const kernel = files.filter((file) => file.path.startsWith('kernel/'));
  return findLines(kernel, STRANGERS_TO_THE_KERNEL, 'is a word the kernel does not know');
}

export function checkUnfinished(files: readonly ProjectFile[]): string[] {
  return findLines(files, UNFINISHED, 'marks unfinished work');
}

export function checkMachinePaths(files: readonly ProjectFile[]): string[] {
  return findLines(files, MACHINE_PATH, 'is a path of one machine');
}

export function checkRegistryHosts(files: readonly ProjectFile[]): string[] {
  return findLines(files, REGISTRY, 'names a package registry');
}

/** Packages come from wherever the reader's npm is set up to look. */
export function checkLockFile(text: string): string[] {
  const lock = JSON.parse(text) as { packages: Record<string, { resolved?: string }> };
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.resolved !== undefined && /^https?:/.test(entry.resolved))
    .map(([name, entry]) => `package-lock.json: ${name} is resolved at ${entry.resolved}`);
}

function findLines(files: readonly ProjectFile[], pattern: RegExp, complaint: string): string[] {
  const problems: string[] = [];
  for (const file of files) {
    file.text.split('\n').forEach((line, index) => {
      const match = pattern.exec(line);
      if (match !== null) problems.push(`${file.path}:${index + 1}: "${match[0].trim()}" ${complaint}`);
    });
  }
  return problems;
}
