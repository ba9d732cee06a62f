/** Pieces of memory for so many at a time; who comes when all are in use waits for his turn. */
export class MemoryPool<Piece> {
  readonly #most: number;
  readonly #make: () => Piece;
  readonly #free: Piece[] = [];
  readonly #waiting: ((piece: Piece) => void)[] = [];
  #made = 0;

  constructor(most: number, make: () => Piece) {
    this.#most = most;
    this.#make = make;
  }

  take(): Promise<Piece> {
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (this.#made < this.#most) {
      const piece = this.#make();
      this.#made += 1;
      return Promise.resolve(piece);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  giveBack(piece: Piece): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(piece);
    else next(piece);
  }

  /** Gives away what is not in use. */
  clear(): readonly Piece[] {
    this.#made -= this.#free.length;
    return this.#free.splice(0);
  }
}
