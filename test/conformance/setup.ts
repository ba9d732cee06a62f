import type { Driver } from '../../src/driver/index.js';

/** What a driver says it can do. Where it says no, the suite wants `Unsupported` with a reason. */
export interface Capabilities {
  /** Groups go online, members meet. Takes `invitations` with it. */
  readonly connect: boolean;
  /** Inviting and joining, by certificate and by password, and issuing credentials. */
  readonly invitations: boolean;
  /** Group records, their search and the group database. */
  readonly records: boolean;
  /** Exporting and importing the configuration of a group. */
  readonly groupConfig: boolean;
  /** Groups with password authentication. */
  readonly passwordGroups: boolean;
  /** The contract's `setEnabled`; the suite itself switches by {@link Conformance.switchService}. */
  readonly setEnabled: boolean;
  /** Events, counters and explanations. */
  readonly insight: boolean;
  /** Reading the file that is published itself. */
  readonly sources: boolean;
  /** Writing the file itself that content is retrieved into. */
  readonly files: boolean;
  /** Being told whom to ask for a content. */
  readonly suppliers: boolean;
}

/** A driver under test with the world around it, made anew for every test. */
export interface Conformance {
  /** The driver that publishes, and the only one in tests that need one. */
  readonly driver: Driver;
  /** A driver with a cache of its own that can reach the publications of `driver`. */
  readonly consumer: Driver;
  /** Where `consumer` is told to look for what `driver` has published. */
  peers(): Promise<readonly string[]>;
  /** Switches the service of one of the drivers on or off, by whatever means there are here. */
  switchService(driver: Driver, enabled: boolean): Promise<void>;
  /** An absolute path that exists for this test only. */
  path(name: string): string;
  /** Gives everything back, and throws if the driver finds that the test has left something open. */
  cleanup(): Promise<void>;
}

export type Setup = () => Promise<Conformance>;
