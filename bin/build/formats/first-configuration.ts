/** What a new installation starts with: reachable from this machine only, until somebody decides otherwise. */
export function firstConfiguration(plugins: readonly string[]): string {
  return plugins.includes('jetstream') ? BEGINNING + STREAMS : BEGINNING;
}

const BEGINNING = `# The keys are those of a nats-server.conf. After a change: systemctl reload gnatlet

listen: "127.0.0.1:4222"
`;

/** The folder for temporary files, which is the default, does not outlive the service. */
const STREAMS = `
# Streams are kept in the folder of the service:
# jetstream { store_dir: "/var/lib/gnatlet" }
`;
