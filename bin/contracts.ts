/**
 * What plugins of this package ask of others, for whoever writes such another: `import type { Authenticator } from
 * 'gnatlet/contracts'`. Types, and the names of the capabilities they are provided under.
 */
export {
  AUTHENTICATOR,
  type AuthDesk,
  type Authenticator,
  type AuthView,
  type ConfiguredUsers,
  type ConnectionType,
  type Credentials,
  type KnownUser,
  type LoginAttempt,
  type Verdict,
} from '../plugins/auth/contract.ts';
export type { MonitorSection } from '../plugins/monitoring/contract.ts';
export * from '../storage-drivers/contract.ts';
