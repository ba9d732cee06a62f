import { settled } from '../disk/in-flight.js';

/** So long a pause in publishing is no reason to make anew what was made for it. */
const IDLE_MS = 1_000;

/** Calls back once nothing has been at work for a second. It does not keep the process alive for that. */
export class IdleWatch {
  readonly #onIdle: () => void;
  #atWork = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  during<Result>(work: Promise<Result>): Promise<Result> {
    this.#atWork += 1;
    this.stop();
    void settled(work).then(() => this.#over());
    return work;
  }

  /** Does not call back any more, unless something is at work again. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #over(): void {
    this.#atWork -= 1;
    if (this.#atWork === 0) this.#timer = setTimeout(this.#onIdle, IDLE_MS).unref();
  }
}
