export type {
  Dispatch,
  DispatchController,
  DispatchHandler,
  DispatchRequest,
  ForeignDispatch,
  ReceivedHeaders,
} from './client/dispatch/dispatch-types.js';
export { createPeerInterceptor } from './client/dispatch/interceptor.js';
export { get, type GetBytesOptions, getIterable, getStream } from './client/get.js';
export type { GetBasis, GetProgress } from './client/get-progress.js';
export type { GetOptions, PlacesOptions } from './client/options.js';
export type { Fetch } from './client/origin.js';
export type { ContentPlace } from './client/places.js';
export type { Answer, ContentRequest } from './server/answer.js';
export { ContentServer, type ContentServerOptions, createContentServer } from './server/content-server.js';
export {
  ContentDirectory,
  createContentDirectory,
  type DirectoryOptions,
  type PreparedFile,
} from './server/directory/content-directory.js';
export {
  type FastifyReplyLike,
  type FastifyRequestLike,
  replyWithContent,
  replyWithDirectory,
} from './server/fastify.js';
export { type RequestHandler, sendContent, serveDirectory } from './server/node.js';
export type { BytesResource, FileResource, Resource } from './server/resource-rule.js';
