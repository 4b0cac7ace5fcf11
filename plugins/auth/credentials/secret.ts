/** Compares what a client shows with what is stored: a password or a token, as text or as a bcrypt hash. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Asker, BcryptComparer, type BcryptWorld, isBcrypt } from './bcrypt.ts';

export class Secrets {
  private readonly key: Uint8Array;
  private readonly bcrypt: BcryptComparer;

  constructor(world: BcryptWorld) {
    this.key = world.key;
    this.bcrypt = new BcryptComparer(world);
  }

  /** How long it takes tells nothing about how much of it is right. */
  isRight(stored: string, given: string, asker: Asker): boolean | Promise<boolean> {
    if (isBcrypt(stored)) return this.bcrypt.compare(stored, given, asker);
    return timingSafeEqual(this.digest(stored), this.digest(given));
  }

  private digest(text: string): Buffer {
    return createHmac('sha256', this.key).update(text).digest();
  }
}
