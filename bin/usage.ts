/** What `--help` prints. */
import { FLAGS, type Flag } from './flag-table.ts';

export function usage(): string {
  const groups = [...new Set(FLAGS.map((flag) => flag.group))];
  const sections = groups.map(
    (group) =>
      `${group}:\n${FLAGS.filter((flag) => flag.group === group)
        .map(line)
        .join('\n')}`,
  );
  return `
Usage: nats-server [options]
       nats-server check [options]      check the configuration file and exit, as -t does
       nats-server plugins [options]    show the plugins that would run and those of this build
       nats-server build --plugins <list> make a broker of these plugins alone; see build --help
       nats-server store ACTION DIR             look after streams on disk; see store --help

${sections.join('\n\n')}
`;
}

function line(flag: Flag): string {
  const names = flag.names.map((name) => (name.length <= 3 ? `-${name}` : `--${name}`)).join(', ');
  return `    ${`${names} ${flag.value ?? ''}`.padEnd(44)} ${flag.summary}`;
}
