import type { EventRegistration, GroupEvent } from '../driver/index.js';

const typeOf = (event: GroupEvent): string | undefined => {
  if (event._tag === 'RecordChanged') return event.recordType;
  return event._tag === 'IncomingData' ? event.type : undefined;
};

/** The events of one registration that nobody has read yet. */
export class EventQueue {
  readonly #waiting: GroupEvent[] = [];
  #signalled = false;
  #active = true;

  constructor(
    private readonly registrations: readonly EventRegistration[],
    private readonly onSignal: () => void,
  ) {}

  /** Signals once for all events of one turn, like a Win32 event that is set several times. */
  post(event: GroupEvent): void {
    if (!this.#active || !this.#wants(event)) return;
    this.#waiting.push(event);
    if (this.#signalled) return;
    this.#signalled = true;
    queueMicrotask(() => {
      this.#signalled = false;
      if (this.#active) this.onSignal();
    });
  }

  take(max: number): readonly GroupEvent[] {
    return this.#waiting.splice(0, max);
  }

  listensTo(kind: GroupEvent['_tag']): boolean {
    return this.registrations.some((registration) => registration.kind === kind);
  }

  stop(): void {
    this.#active = false;
  }

  #wants(event: GroupEvent): boolean {
    const type = typeOf(event);
    return this.registrations.some(
      (registration) =>
        registration.kind === event._tag &&
        (registration.type === undefined || type === undefined || registration.type === type),
    );
  }
}
