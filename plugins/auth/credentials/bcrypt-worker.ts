/**
 * A thread that computes bcrypt, so that a hash that takes a second to compare holds up nobody but its owner. It is started by the
 * first comparison, rests when there are none for a while, and is started again after it died.
 */
import { Worker } from 'node:worker_threads';

export interface Question {
  readonly id: number;
  readonly stored: string;
  readonly given: string;
}

export interface Answer {
  readonly id: number;
  readonly isRight: boolean;
}

/** Beside this file: in the build as compiled, and in the bundle. */
const THREAD = new URL('./bcrypt-thread.js', import.meta.url);
const REST_AFTER_MS = 60_000;
/** A hash that costs more than this would keep everybody else waiting for hours. */
const COMPARISON_MS = 10_000;

export interface WorkerWorld {
  /** Runs once, later; the answer undoes it. */
  after(milliseconds: number, run: () => void): () => void;
  /** The thread is gone and should not be. */
  failed(error: Error): void;
}

export class BcryptWorker {
  private readonly world: WorkerWorld;
  private worker: Worker | null = null;
  /** Ends a thread that has nothing to do, or too much. */
  private cancelTimer: (() => void) | null = null;
  private readonly waiting = new Map<number, (isRight: boolean) => void>();
  private lastId = 0;

  constructor(world: WorkerWorld) {
    this.world = world;
  }

  get isRunning(): boolean {
    return this.worker !== null;
  }

  /** False also when the thread dies over it. */
  compare(stored: string, given: string): Promise<boolean> {
    this.cancelTimer?.();
    this.cancelTimer = this.world.after(COMPARISON_MS, () => this.overdue());
    this.worker ??= this.start();
    this.worker.ref();
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.worker?.postMessage({ id, stored, given } satisfies Question);
    });
  }

  close(): void {
    this.cancelTimer?.();
    const { worker } = this;
    this.end();
    void worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(THREAD, { env: {}, stderr: true, stdout: true });
    worker.on('message', (answer: Answer) => this.answered(answer));
    worker.on('error', (error) => this.died(worker, error));
    worker.on('exit', (code) => this.died(worker, new Error(`the thread ended with ${code}`)));
    return worker;
  }

  private answered({ id, isRight }: Answer): void {
    this.waiting.get(id)?.(isRight);
    this.waiting.delete(id);
    this.cancelTimer?.();
    const isBusy = this.waiting.size > 0;
    if (!isBusy) this.worker?.unref();
    this.cancelTimer = isBusy
      ? this.world.after(COMPARISON_MS, () => this.overdue())
      : this.world.after(REST_AFTER_MS, () => this.close());
  }

  private overdue(): void {
    this.close();
    this.world.failed(new Error(`a comparison took more than ${COMPARISON_MS / 1000} s: give the hash a lower cost`));
  }

  private died(worker: Worker, error: Error): void {
    if (worker !== this.worker) return;
    this.end();
    this.world.failed(error);
  }

  /** Whoever waits is refused: nobody gets in whose password was not compared. */
  private end(): void {
    this.worker = null;
    this.cancelTimer = null;
    for (const answer of this.waiting.values()) answer(false);
    this.waiting.clear();
  }
}
