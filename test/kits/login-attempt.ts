/** Somebody who wants in, for tests of authenticators: whatever a test does not say is as for a plain client. */
import { DEFAULT_CLIENT_OPTIONS } from '../../kernel/connection/client-options.ts';
import type { Connection } from '../../kernel/connection/connection.ts';
import { refuse } from '../../kernel/hooks/refusal.ts';
import type { Credentials, KnownUser, LoginAttempt } from '../../plugins/auth/contract.ts';

export interface AttemptParts extends Partial<Omit<LoginAttempt, 'credentials'>> {
  /** What the client says in CONNECT. */
  readonly credentials?: Partial<Credentials>;
  /** Configured users, by name. */
  readonly users?: readonly KnownUser[];
}

export function fakeAttempt({ credentials = {}, users = [], ...rest }: AttemptParts = {}): LoginAttempt {
  const find = (name: string): KnownUser | undefined => users.find((user) => user.name === name);
  const attempt: LoginAttempt = {
    // Those who look at the connection bring one.
    connection: {} as Connection,
    credentials: { ...DEFAULT_CLIENT_OPTIONS, ...credentials },
    connectionType: 'STANDARD',
    nonce: '',
    isImplicit: false,
    proxyKey: '',
    hasKeyUsers: false,
    nobody: null,
    findUser: find,
    findNamed: find,
    userNames: () => users.map(({ name }) => name),
    admit: async ({ account, name, permissions }) => ({ account, user: name, permissions }),
    isRight: async (stored, given) => stored === given,
    refuse: () => refuse('refused'),
  };
  return { ...attempt, ...rest };
}
