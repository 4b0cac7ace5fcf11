/** Who waits until a ticket is durable. */
interface Waiter {
  readonly ticket: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class TicketWaiters {
  private waiters: Waiter[] = [];

  until(ticket: number): Promise<void> {
    return new Promise((resolve, reject) => this.waiters.push({ ticket, resolve, reject }));
  }

  /** All up to the ticket are durable. */
  wake(ticket: number): void {
    if (this.waiters.length === 0) return;
    const ready = this.waiters.filter((waiter) => waiter.ticket <= ticket);
    this.waiters = this.waiters.filter((waiter) => waiter.ticket > ticket);
    for (const { resolve } of ready) resolve();
  }

  fail(error: Error): void {
    for (const { reject } of this.waiters.splice(0)) reject(error);
  }
}
