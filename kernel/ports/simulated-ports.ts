import { FastRandom } from './fast-random.ts';
import type { Ports } from './ports.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { type NetworkTemper, SimulatedNetwork } from './simulated-network.ts';

export interface SimulationOptions extends Partial<NetworkTemper> {
  /** A world that is still busy after so many events is taken for one that never comes to rest. */
  eventsMax?: number;
}

/** What one machine of a simulated world offers. */
export interface SimulatedMachine extends Ports {
  readonly disk: SimulatedDisk;
}

const EVENTS_MAX = 10_000_000;
const HOME = '127.0.0.1';

/**
 * A world in which a run depends on nothing but the seed and the code: time, chance, wires and files are all its own.
 * Time moves only in `run` and `until`.
 */
export class Simulation {
  readonly seed: number;
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  /** For the choices a test makes. */
  readonly random: FastRandom;
  private readonly root: FastRandom;
  private readonly machines = new Map<string, SimulatedMachine>();
  private readonly eventsMax: number;
  private eventCount = 0;

  constructor(seed: number, options: SimulationOptions) {
    this.seed = seed;
    this.root = FastRandom.fromSeed(seed);
    this.clock = new SimulatedClock(this.root.fork());
    this.network = new SimulatedNetwork(this.clock, this.root.fork(), options);
    this.random = this.root.fork();
    this.eventsMax = options.eventsMax ?? EVENTS_MAX;
  }

  /** The ports of the machine everything runs on that names no other. */
  get ports(): SimulatedMachine {
    return this.machine(HOME);
  }

  /** A machine by its host name, with a disk of its own. */
  machine(host: string): SimulatedMachine {
    const known = this.machines.get(host);
    if (known !== undefined) return known;
    const made = {
      clock: this.clock,
      random: this.root.fork(),
      network: this.network.at(host),
      disk: new SimulatedDisk(this.clock, this.root.fork()),
    };
    this.machines.set(host, made);
    return made;
  }

  /** Lets everything happen that is due by `untilMs`, or until nothing is left to happen. */
  async run(untilMs = Infinity): Promise<void> {
    await settle();
    while (await this.step(untilMs));
    if (untilMs !== Infinity) this.clock.skipTo(untilMs);
  }

  /** Lets time pass until the promise is settled, and gives its result. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = () => {
      isSettled = true;
    };
    promise.then(note, note);
    await settle();
    while (!isSettled) {
      if (!(await this.step(Infinity))) throw this.failure('nothing is left to happen, and what was awaited did not');
    }
    return promise;
  }

  private async step(limit: number): Promise<boolean> {
    const run = this.clock.next(limit);
    if (run === null) return false;
    if (++this.eventCount > this.eventsMax) throw this.failure(`still busy after ${this.eventsMax} events`);
    try {
      run();
    } catch (error) {
      throw this.failure(error instanceof Error ? error.message : String(error), error);
    }
    await settle();
    return true;
  }

  private failure(reason: string, cause?: unknown): Error {
    const moment = this.clock.monotonic().toFixed(3);
    return new Error(`simulation with seed ${this.seed}, at ${moment} ms: ${reason}`, { cause });
  }
}

export function createSimulation(seed: number, options: SimulationOptions = {}): Simulation {
  return new Simulation(seed, options);
}

/** All promises that can go on have done so: Node empties their queue before it starts a new turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
