/** Who of those that pull is the one that is served: pins by their number, since nobody else knows what they are. */

const NANOS_PER_MS = 1e6;

export class PlainPins {
  /** The number of the pin that counts; 0 while there is none. */
  now = 0;
  /** How many there were. */
  count = 0;
  private due = Number.POSITIVE_INFINITY;

  /** Whether a request may be served, by the pin it names. */
  admits(pin: number): boolean {
    return this.now === 0 || pin === this.now;
  }

  isStale(pin: number): boolean {
    return pin > 0 && pin !== this.now;
  }

  /** Why a request is not taken; empty where it is. Whoever is served shows that it is still there. */
  refusalOf(pin: number, now: number, timeout: number): string {
    if (pin === 0 || this.now === 0) return '';
    if (pin !== this.now) return '423 Nats-Pin-Id mismatch';
    this.hold(now, timeout);
    return '';
  }

  /** While there is none, whoever is served first gets one. */
  give(pin: number, now: number, timeout: number): number {
    if (this.now > 0) return pin;
    this.now = ++this.count;
    this.hold(now, timeout);
    return this.now;
  }

  private hold(now: number, timeout: number): void {
    this.due = now + timeout / NANOS_PER_MS;
  }

  end(): void {
    this.now = 0;
    this.due = Number.POSITIVE_INFINITY;
  }

  expire(now: number): void {
    if (this.due <= now) this.end();
  }
}

/** With a field for the pin behind all others. */
export function withPin(shown: string, header: string, pin: number): string {
  const hasHeader = header !== '' || shown.startsWith('NATS/1.0\r\n');
  const end = hasHeader ? shown.indexOf('\r\n\r\n') + 2 : 0;
  const before = hasHeader ? shown.slice(0, end) : 'NATS/1.0\r\n';
  return `${before}Nats-Pin-Id: ${pin}\r\n\r\n${hasHeader ? shown.slice(end + 2) : shown}`;
}
