import type { Ports } from './ports.ts';
import { systemClock } from './system-clock.ts';
import { systemDisk } from './system-disk.ts';
import { systemRandom } from './system-random.ts';
import { TcpNetwork } from './tcp-network.ts';

/** The real world: the machine's clock, chance, wires and files. */
export function systemPorts(): Ports {
  return {
    clock: systemClock(),
    random: systemRandom(),
    network: new TcpNetwork(),
    disk: systemDisk(),
  };
}
