import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { orThrow, toPeerError } from '../../../effects/effect.js';
import { onFile } from '../../../effects/error/from-system.js';
import type { PeerError } from '../../../effects/error/index.js';
import { object } from '../../../effects/validate/object.js';
import { withDefault } from '../../../effects/validate/rule.js';
import { boolean, text } from '../../../effects/validate/scalars.js';
import { validate } from '../../../effects/validate/validate.js';
import type { PresetHeaders } from '../../protocol/header-list.js';
import type { Answer, ContentRequest } from '../answer.js';
import { type ContentServer, refusalOf } from '../content-server.js';
import type { OpenResource } from '../resource.js';
import { listingOf } from './listing.js';
import { type Confinement, noSuchFile, openInDirectory } from './open-in-directory.js';
import { isHidden, isNameable, type RequestPath, requestPath } from './request-path.js';

/** What of a directory is served. */
export interface DirectoryOptions {
  /** Whether a directory is answered with a page of links to what lies in it. Off by default. */
  readonly index?: boolean | undefined;
  /** Whether names that start with a dot are served. Off by default. */
  readonly hidden?: boolean | undefined;
}

/** A file that {@link ContentDirectory.prepare} has dealt with. */
export interface PreparedFile {
  /** Below the directory, with slashes. */
  readonly path: string;
  /** Why it is not prepared. */
  readonly fault: PeerError | undefined;
}

/** The files below a directory, by the paths of URLs. */
export class ContentDirectory {
  readonly #server: ContentServer;
  readonly #confinement: Confinement;
  readonly #index: boolean;

  /** @internal */
  constructor(server: ContentServer, root: string, { index = false, hidden = false }: DirectoryOptions) {
    this.#server = server;
    this.#confinement = { root, hidden };
    this.#index = index;
  }

  /** The answer to a request for what its URL names. Rejects with NotFound for what is not there or not served. */
  async answer(request: ContentRequest, preset: PresetHeaders): Promise<Answer> {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return refusal;
    const path = requestPath(request.url ?? '');
    if (path === undefined) throw noSuchFile();
    const found = await openInDirectory(this.#confinement, path.names, this.#server.now());
    if (found._tag === 'Directory') return this.#answerDirectory(request, path, found.path);
    if (path.isDirectory) {
      await found.resource.close();
      throw noSuchFile();
    }
    const { headers, ...answer } = await this.#server.answerOpen(request, found.resource, preset);
    return { ...answer, headers: { ...headers, ...SAFE } };
  }

  /** Prepares every file, one after the other. Links to folders are not followed, as they may go round in circles. */
  async *prepare(): AsyncGenerator<PreparedFile, void> {
    for await (const names of filesBelow(this.#confinement)) {
      const open = async (now: number): Promise<OpenResource> => {
        const found = await openInDirectory(this.#confinement, names, now);
        if (found._tag === 'File') return found.resource;
        throw noSuchFile();
      };
      const fault = await this.#server.prepareFrom(open).then(
        () => undefined,
        (thrown: unknown) => toPeerError(thrown, 'prepare'),
      );
      yield { path: names.join('/'), fault };
    }
  }

  async #answerDirectory(
    { method }: ContentRequest,
    { names, isDirectory }: RequestPath,
    path: string,
  ): Promise<Answer> {
    if (!this.#index) throw noSuchFile();
    const common = { kind: 'plain', contentBytes: 0 } as const;
    // Relative, so that it holds wherever the directory is mounted.
    const location = `./${encodeURIComponent(names.at(-1) ?? '')}/`;
    if (!isDirectory) {
      return {
        ...common,
        status: 301,
        headers: { Location: location, 'Content-Length': '0' },
        body: undefined,
      };
    }
    const page = await listingOf(path, this.#confinement.hidden);
    return {
      ...common,
      status: 200,
      headers: {
        ...SAFE,
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Length': String(page.length),
        'Content-Security-Policy': "default-src 'none'",
        'Cache-Control': 'no-cache',
      },
      body: method === 'GET' ? page : undefined,
    };
  }
}

/**
 * The files below a directory, for `serveDirectory` and `replyWithDirectory`.
 *
 * Served are plain files whose real path lies below it; links may lead elsewhere below it, not out of it. Names that
 * start with a dot, and lists of what a folder holds, only if the options say so. Paths with `..`, empty parts, or encoded
 * ones that could mean something else, are as if they did not exist. Throws `BadArgument` for what is no path or option.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createContentDirectory, createContentServer } from 'peerweave/http';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await using content = createContentServer({ session });
 * const files = createContentDirectory(content, '.');
 * for await (const { path, fault } of files.prepare()) console.log(path, fault?.message ?? 'ready');
 * ```
 */
export const createContentDirectory = (
  server: ContentServer,
  root: string,
  options: DirectoryOptions = {},
): ContentDirectory => {
  const given = orThrow(validate(ARGUMENTS, { ...options, root }, 'createContentDirectory'));
  return new ContentDirectory(server, given.root, given);
};

const ARGUMENTS = object({
  root: text(1),
  index: withDefault(boolean, false),
  hidden: withDefault(boolean, false),
});

/** Files have the type that their name stands for, whatever is in them. */
const SAFE = { 'X-Content-Type-Options': 'nosniff' };

async function* filesBelow(
  { root, hidden }: Confinement,
  names: readonly string[] = [],
): AsyncGenerator<readonly string[]> {
  const directory = await onFile('prepare', () => opendir(join(root, ...names)));
  for await (const entry of directory) {
    if ((!hidden && isHidden(entry.name)) || !isNameable(entry.name)) continue;
    const below = [...names, entry.name];
    if (entry.isDirectory()) yield* filesBelow({ root, hidden }, below);
    else if (entry.isFile() || (entry.isSymbolicLink() && !(await isFolder(join(root, ...below)))))
      yield below;
  }
}

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
};
