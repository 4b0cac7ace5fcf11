/** What we test our plugins with, for yours: under any test runner, without ports, files or a clock that runs by itself. */
export {
  createFakePorts,
  FakeClock,
  FakeDisk,
  FakeNetwork,
  type FakePorts,
  settle,
} from '../test/kits/fake-ports.ts';
export { type AttemptParts, fakeAttempt } from '../test/kits/login-attempt.ts';
export {
  type BenchOptions,
  type FakeCapabilities,
  PluginBench,
  startPlugin,
  withEachCapabilitySet,
} from '../test/kits/plugin-kit.ts';
