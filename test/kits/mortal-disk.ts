import type { Disk } from '../../kernel/ports/ports.ts';

/** A disk that answers nothing any more to those who died, although it goes on for those who come after them. */
export function mortalDisk(disk: Disk, isDead: () => boolean): Disk {
  return new Proxy(disk, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => (isDead() ? new Promise(() => {}) : value.apply(target, given));
    },
  });
}
