/**
 * A scope of services resolved by name: one for the broker, below it one for each plugin, below those one for each
 * account that needs some of its own. A connection is no scope, and nothing is resolved while serving.
 *
 * The container is awilix in proxy mode, strict: a factory destructures what it needs (`({ log, store }) => ...`).
 * Its light entry is used; the main one brings a file search that costs 35 ms and 8 MB.
 */
import { type AwilixContainer, asFunction, asValue, createContainer, InjectionMode } from 'awilix/browser';
import { suggestion } from '../hooks/nearest-name.ts';
import { PluginError } from '../hooks/plugin-error.ts';
import { Disposers } from './disposers.ts';

/** Names, in the type of its argument, the services it destructures. */
type Factory<Service, Needs> = (services: Needs) => Service;
type Dispose<Service> = (service: Service) => void | Promise<void>;

export class Scope {
  readonly name: string;
  readonly #container: AwilixContainer<Record<string, unknown>>;
  readonly #disposers = new Disposers();
  readonly #children = new Set<Scope>();
  readonly #onDisposed: () => void;

  private constructor(name: string, container: AwilixContainer<Record<string, unknown>>, onDisposed: () => void) {
    this.name = name;
    this.#container = container;
    this.#onDisposed = onDisposed;
    container.register('scope', asValue(this));
  }

  static root(name: string): Scope {
    return new Scope(name, createContainer({ injectionMode: InjectionMode.PROXY, strict: true }), () => {});
  }

  child(name: string): Scope {
    const child: Scope = new Scope(name, this.#container.createScope(), () => this.#children.delete(child));
    this.#children.add(child);
    return child;
  }

  value(name: string, value: unknown): this {
    this.#claim(name).register(name, asValue(value));
    return this;
  }

  /** Made when first asked for, once, for this scope and all below it. */
  once<Service, Needs>(name: string, make: Factory<Service, Needs>, dispose?: Dispose<Service>): this {
    let made: { service: Service } | null = null;
    const resolve = (): Service => {
      made ??= { service: this.#make(make, dispose) };
      return made.service;
    };
    this.#claim(name).register(name, { resolve, isLeakSafe: true });
    return this;
  }

  /** Made once for each scope that asks: an account's scope gets its own. */
  each<Service, Needs>(name: string, make: Factory<Service, Needs>, dispose?: Dispose<Service>): this {
    const makeFor = (services: { scope: Scope }): Service => services.scope.#make(make, dispose);
    this.#claim(name).register(name, asFunction(makeFor).scoped());
    return this;
  }

  has(name: string): boolean {
    return this.#container.hasRegistration(name);
  }

  get<Service>(name: string): Service {
    if (this.has(name)) return this.#container.resolve<Service>(name);
    const known = Object.keys(this.#container.registrations);
    const remedy = `register it with scope.once or scope.value${suggestion(name, known)}`;
    throw new PluginError('SERVICE_UNKNOWN', `there is no service "${name}" in the scope "${this.name}"`, remedy);
  }

  /** Child scopes first, then services, the latest made first. The first failure is thrown when all is done. */
  async dispose(): Promise<void> {
    const failures: unknown[] = [];
    for (const child of this.#children) await child.dispose().catch((error: unknown) => failures.push(error));
    for (const dispose of this.#disposers.drain()) {
      try {
        await dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    await this.#container.dispose();
    this.#onDisposed();
    if (failures.length > 0) throw failures[0];
  }

  #make<Service, Needs>(make: Factory<Service, Needs>, dispose?: Dispose<Service>): Service {
    const service = make(this.#container.cradle as Needs);
    if (dispose !== undefined) this.#disposers.add(() => dispose(service));
    return service;
  }

  /** A name means one thing in a scope and below: shadowing would make the answer depend on who asks. */
  #claim(name: string): AwilixContainer<Record<string, unknown>> {
    if (!this.has(name)) return this.#container;
    throw new PluginError(
      'SERVICE_DUPLICATE',
      `the service "${name}" is registered already in the scope "${this.name}" or above it`,
      'choose another name',
    );
  }
}
