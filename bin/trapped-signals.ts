/** The signals a broker obeys, with the names its log calls them by. */

const TEXTS = {
  SIGINT: 'interrupt',
  SIGTERM: 'terminated',
  SIGHUP: 'hangup',
  SIGUSR1: 'user defined signal 1',
  SIGUSR2: 'user defined signal 2',
} as const;

export type SignalName = keyof typeof TEXTS;

export function trapSignals(obey: (name: SignalName, text: string) => void): void {
  for (const [name, text] of Object.entries(TEXTS)) {
    const signal = name as SignalName;
    // Windows knows only some of them.
    if (process.platform === 'win32' && signal.startsWith('SIGUSR')) continue;
    process.on(signal, () => obey(signal, text));
  }
}
