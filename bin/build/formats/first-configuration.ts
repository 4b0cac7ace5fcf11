/** What a new installation starts with: reachable from this machine only, until somebody decides otherwise. */
export const FIRST_CONFIGURATION = `# The keys are those of a nats-server.conf. After a change: systemctl reload gnatlet

listen: "127.0.0.1:4222"
`;
