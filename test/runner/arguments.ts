/** What the runner was asked to do. */
export interface RunOptions {
  /** Only files whose path contains one of these; all when empty. */
  filters: string[];
  /** Only test/interop, which is otherwise left out: it wants a genuine server beside ours. */
  isInterop: boolean;
  deadlineMs: number;
  jobs: number;
}

export function readArguments(words: readonly string[]): RunOptions {
  const options: RunOptions = { filters: [], isInterop: false, deadlineMs: 120_000, jobs: 2 };
  for (const word of words) readArgument(word, options);
  return options;
}

function readArgument(word: string, options: RunOptions): void {
  if (word === '--interop') options.isInterop = true;
  else if (word.startsWith('--deadline=')) options.deadlineMs = readPositive(word) * 1000;
  else if (word.startsWith('--jobs=')) options.jobs = readPositive(word);
  else if (word.startsWith('-'))
    throw new Error(`unknown option ${word}; known: --interop --deadline=SECONDS --jobs=N`);
  else options.filters.push(word);
}

function readPositive(word: string): number {
  const value = Number(word.slice(word.indexOf('=') + 1));
  if (!(value > 0)) throw new Error(`${word}: a number above zero is needed`);
  return value;
}
