/** What the command line asks for, and the exit code. */
import { NATS_VERSION } from '../kernel/version.ts';
import { CommandFailure, failureText, PROGRAM_NAME } from './command-failure.ts';
import { type CommandLine, FlagError, parseFlags } from './flags.ts';
import { hideSecrets } from './secrets.ts';
import { writeError } from './standard-error.ts';

/** Sets the exit code; a broker that was started lives on. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  try {
    const line = parseFlags(argv);
    hideSecrets(process, line.given);
    await run(line);
  } catch (error) {
    if (error instanceof FlagError) await refuseFlags(error);
    else fail(error);
  }
}

/** Scripts have come to rely on this being no failure. */
async function refuseFlags(error: FlagError): Promise<void> {
  writeError(`${error.message}\n`);
  await print((await import('./usage.ts')).usage());
}

function fail(error: unknown): void {
  process.exitCode = 1;
  writeError(failureText(error));
}

async function run(line: CommandLine): Promise<void> {
  const { given } = line;
  const command = commandOf(line);
  if (command === 'version') return print(`${PROGRAM_NAME}: v${NATS_VERSION}\n`);
  if (command === 'help') return print((await import('./usage.ts')).usage());
  if (given.get('help_tls') === true) return print(await tlsHelp());
  const signal = given.get('sl');
  if (typeof signal === 'string' && signal !== '') return (await import('./signals.ts')).sendSignal(signal);
  if (command === 'build') return print(await build(line.words.slice(1)));
  if (command === 'store') return store(line.words.slice(1));
  if (command === 'check') return (await import('./check.ts')).check(given);
  if (command === 'plugins') return print(await (await import('./list-plugins.ts')).listPlugins(given));
  await (await import('./start.ts')).start(given);
}

type Command = 'version' | 'help' | 'check' | 'plugins' | 'build' | 'store' | 'start';

const COMMANDS: readonly string[] = ['version', 'help', 'check', 'plugins', 'build', 'store'] satisfies Command[];

function commandOf({ given, words }: CommandLine): Command {
  const [word] = words;
  if (word !== undefined && !COMMANDS.includes(word.toLowerCase())) {
    throw new CommandFailure(`unrecognized command: ${JSON.stringify(word)}`);
  }
  if (word !== undefined) return word.toLowerCase() as Command;
  if (given.get('v') === true) return 'version';
  if (given.get('h') === true) return 'help';
  return given.get('t') === true ? 'check' : 'start';
}

/** A program that was built this way has no builder inside. */
async function build(words: readonly string[]): Promise<string> {
  const builder: Partial<typeof import('./build/command.ts')> = await import('./build/command.ts');
  if (builder.build !== undefined) return builder.build(words, process.cwd());
  throw new CommandFailure('build: this program was built by gnatlet itself; build with the package gnatlet of npm');
}

/** A program without TLS has nothing to tell of it. */
async function tlsHelp(): Promise<string> {
  const { TLS_HELP }: Partial<typeof import('./tls-help.ts')> = await import('./tls-help.ts');
  return TLS_HELP ?? 'This program has no plugin "tls".\n';
}

/** A program without streams on disk knows nothing of their files. */
async function store(words: readonly string[]): Promise<void> {
  const tool: Partial<typeof import('./store/command.ts')> = await import('./store/command.ts');
  if (tool.store === undefined) throw new CommandFailure('store: this program has no plugin "storage-file"');
  process.exitCode = await tool.store(words, process.env, print);
}

/** All of it, also into a pipe that takes it bit by bit. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}
