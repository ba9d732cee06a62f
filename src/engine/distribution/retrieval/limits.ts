/** The bounds of a retrieval client. Times in milliseconds. */
export interface RetrievalClientLimits {
  /** For one request, from connecting to the last byte of its answer. PCCRR 3.1.2. */
  readonly requestTimeoutMs: number;
  /** Requests at a time to all peers. */
  readonly requests: number;
  /** Requests at a time to one peer that has proved itself. */
  readonly requestsPerPeer: number;
  /** How long a peer may take, whatever is usual for it, before others are asked for the same block, too. */
  readonly overtakeMs: number;
  /** Peers asked for one block, the first of those offered. */
  readonly peersPerContent: number;
  /** That many faults strike a peer out. */
  readonly faultsPerPeer: number;
  /** How long after its last fault a peer's faults are remembered. */
  readonly faultMemoryMs: number;
  /** A caller that wants more blocks than this asks for a block list first. */
  readonly blocksWithoutList: number;
  /** How long a peer's block list is believed. */
  readonly listLifetimeMs: number;
}

export const DEFAULT_CLIENT_LIMITS: RetrievalClientLimits = {
  requestTimeoutMs: 2_000,
  requests: 32,
  requestsPerPeer: 16,
  overtakeMs: 250,
  peersPerContent: 16,
  faultsPerPeer: 3,
  faultMemoryMs: 600_000,
  blocksWithoutList: 3,
  listLifetimeMs: 15_000,
};

/** The bounds of a retrieval server. Times in milliseconds. */
export interface RetrievalServerLimits {
  /** Requests answered at a time; more have to wait. */
  readonly activeClients: number;
  /** Of them for one client, which is an address. */
  readonly requestsPerClient: number;
  /** How long they wait before they get the answer that the block is not here; less than clients wait for answers. */
  readonly busyAfterMs: number;
  /** For one answer, from the complete request to the last byte taken by the network. PCCRR 3.2.2. */
  readonly uploadTimeoutMs: number;
  /** For the head of a request to arrive. */
  readonly headTimeoutMs: number;
  /** For a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** For a connection to stay open without a request. */
  readonly idleTimeoutMs: number;
  /** Open connections; more are closed as they come. */
  readonly connections: number;
  /** Of them for one client. */
  readonly connectionsPerClient: number;
}

export const DEFAULT_SERVER_LIMITS: RetrievalServerLimits = {
  activeClients: 64,
  requestsPerClient: 32,
  busyAfterMs: 1_000,
  uploadTimeoutMs: 15_000,
  headTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 15_000,
  connections: 2_048,
  connectionsPerClient: 1_024,
};
