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
export type { BytesResource, FileResource, Resource } from './server/resource.js';
