/** What `--help` and `--help_tls` print. */
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
       nats-server store check|repair|dump DIR  look after streams on disk; see store --help

${sections.join('\n\n')}
`;
}

function line(flag: Flag): string {
  const names = flag.names.map((name) => (name.length <= 3 ? `-${name}` : `--${name}`)).join(', ');
  return `    ${`${names} ${flag.value ?? ''}`.padEnd(44)} ${flag.summary}`;
}

export const TLS_HELP = `
TLS for clients stands in the block "tls" of the configuration file:

    tls {
      cert_file: "./server-cert.pem"
      key_file:  "./server-key.pem"
      ca_file:   "./ca.pem"           # vouches for the certificates of clients
      verify:    true                 # clients must have one
      timeout:   2
    }

The flags --tlscert, --tlskey, --tlscacert and --tlsverify take the place of the whole block.
Certificates for trying things out:

    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost \\
      -addext subjectAltName=DNS:localhost -keyout server-key.pem -out server-cert.pem
`;
