/** A broker that runs as this process, and obeys its signals. */
import type { CoreOptions } from '../kernel/config/core-options.ts';
import type { ServerLog } from '../kernel/log/server-log.ts';
import type { Server } from '../kernel/server.ts';
import type { Configuration, ConfigurationRequest } from './configuration.ts';
import { portList } from './port-list.ts';
import { removePidFile, removePortsFile, writePidFile, writePortsFile } from './process-files.ts';
import { writeError } from './standard-error.ts';
import { strayText, trapStrayErrors } from './stray-errors.ts';
import { type SignalName, trapSignals } from './trapped-signals.ts';

export interface RunningBrokerParts {
  readonly request: ConfigurationRequest;
  readonly configuration: Configuration;
  readonly log: ServerLog;
  readonly time: () => number;
  readonly server: Server;
}

/** A client that does not read holds up the end for no longer than this. */
const FLUSH_MS = 2000;

export class RunningBroker {
  private readonly request: ConfigurationRequest;
  private configuration: Configuration;
  private readonly log: ServerLog;
  private readonly time: () => number;
  private readonly server: Server;
  /** Where the ports file stands; empty when there is none. */
  private portsFolder = '';
  private isLameDuck = false;
  private isEnding = false;
  private lastReload: Promise<string | null> = Promise.resolve(null);

  constructor({ request, configuration, log, time, server }: RunningBrokerParts) {
    this.request = request;
    this.configuration = configuration;
    this.log = log;
    this.time = time;
    this.server = server;
  }

  /** Serves until a signal ends it. */
  async run(): Promise<void> {
    this.server.broker.reloader = () => this.reloadInTurn();
    trapSignals((name, text) => void this.obey(name, text));
    trapStrayErrors((error) => void this.fail(error));
    this.server.broker.shutDown = () => void this.end();
    try {
      await this.server.start();
    } catch (error) {
      if (this.isEnding) return;
      this.log.fatal((error as Error).message);
      process.exit(1);
    }
    this.writePorts(this.configuration.loaded.options);
  }

  private async obey(name: SignalName, text: string): Promise<void> {
    this.log.info(`Trapped "${text}" signal`);
    if (name === 'SIGINT') await this.end();
    else if (name === 'SIGTERM') await this.terminate();
    else if (name === 'SIGUSR1') this.reopenLog();
    else if (name === 'SIGUSR2') await this.leave();
    else await this.reloadInTurn();
  }

  /** A reload compares with what the one before has put in force. Null when it is done, or why not. */
  private reloadInTurn(): Promise<string | null> {
    this.lastReload = this.lastReload.then(() => (this.isEnding ? 'the server is ending' : this.reload()));
    return this.lastReload;
  }

  /** Whoever goes in an orderly way is not hurried. */
  private async terminate(): Promise<void> {
    if (!this.isLameDuck) await this.end();
  }

  private async leave(): Promise<void> {
    if (this.isLameDuck || this.isEnding) return;
    this.isLameDuck = true;
    await this.server.drain();
    await this.end();
  }

  /** Nobody caught this: what it left half done is not known, so that going on would be a gamble. */
  private async fail(error: unknown): Promise<void> {
    const { loaded, plugins } = this.configuration;
    this.log.fatal(strayText(error, plugins));
    process.exitCode = 1;
    if (this.isEnding) return;
    const { pidFile } = loaded.options;
    await this.end(() => {
      // Unlike after an orderly end, nobody knows yet that the process is gone.
      if (pidFile !== '') this.tolerate(() => removePidFile(pidFile));
    });
  }

  private async end(tidy: () => void = () => {}): Promise<void> {
    this.isEnding = true;
    await this.server.close().catch((error: Error) => this.log.error(error.message));
    // What clients have not taken yet would be lost with the process.
    await this.server.broker.flow.drained(FLUSH_MS);
    this.removePorts();
    tidy();
    await this.log.close();
    process.exit();
  }

  private reopenLog(): void {
    try {
      this.log.info(this.log.reopen() ? 'File log re-opened' : 'File log re-open ignored, not a file logger');
    } catch (error) {
      const text = `File log could not be re-opened: ${(error as Error).message}`;
      this.log.error(text);
      // Nobody may ever see what the file that was opened before holds.
      writeError(`${text}\n`);
    }
  }

  private async reload(): Promise<string | null> {
    const { request, configuration, log, time, server } = this;
    const code = await import('./reload.ts').catch((error: Error) => error);
    if (code instanceof Error) {
      // An update of the package may have taken it away: the broker goes on until it is started anew.
      log.error(`Failed to reload server configuration: ${code.message}`);
      return code.message;
    }
    const after = await code.reload({ request, configuration, log, time, server });
    if ('failure' in after) return after.failure;
    this.configuration = after;
    this.rewriteFiles(configuration.loaded.options, after.loaded.options);
    return null;
  }

  private rewriteFiles(before: CoreOptions, after: CoreOptions): void {
    if (after.pidFile !== before.pidFile && after.pidFile !== '') this.tolerate(() => writePidFile(after.pidFile));
    if (after.portsFileDirectory === before.portsFileDirectory) return;
    this.removePorts();
    this.writePorts(after);
  }

  private writePorts({ portsFileDirectory }: CoreOptions): void {
    if (portsFileDirectory === '') return;
    const { server } = this;
    this.portsFolder = portsFileDirectory;
    this.tolerate(() => writePortsFile(portsFileDirectory, portList(server, server.broker.ports.network)));
  }

  private removePorts(): void {
    const folder = this.portsFolder;
    this.portsFolder = '';
    if (folder !== '') this.tolerate(() => removePortsFile(folder));
  }

  private tolerate(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.log.error((error as Error).message);
    }
  }
}
