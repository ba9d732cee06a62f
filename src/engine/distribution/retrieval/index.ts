export { HttpTransport } from './http-transport.js';
export { PeerBook } from './peer-book.js';
export type { RetrievalClientLimits, RetrievalServerLimits } from './limits.js';
export { createRetrievalClient, type RetrievalClientOptions } from './retrieval-client.js';
export { createRetrievalServer, type RetrievalServerOptions } from './retrieval-server.js';
