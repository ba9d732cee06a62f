export {
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_SERVER_LIMITS,
  type RetrievalClientLimits,
  type RetrievalServerLimits,
} from './limits.js';
export { createRetrievalClient, type RetrievalClientOptions } from './retrieval-client.js';
export { createRetrievalServer, type RetrievalServerOptions } from './retrieval-server.js';
export type { Exchange, Transport } from './transport.js';
