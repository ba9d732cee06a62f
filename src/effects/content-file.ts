import type { Content } from './content.js';
import { checked, type EffectOptions, type PeerEffect } from './effect.js';
import { onSessionChild } from './session-child.js';
import { absolutePath } from './validate/path.js';

const KIND = 'content';

/**
 * Has the driver itself write a content into a file while it is read, so that what it caches need not be on disk twice.
 *
 * Use it where the whole of a content is to be a file, and write what is read where it is `Unsupported`; `retrieve` does
 * that. The file is one that the caller has made, empty; nobody else writes to it until {@link finishContentFile}. Every byte
 * that {@link readContent} answers with or that is added goes to its place, counted from the start of the content or of
 * the range that is described. Call it before the first read. A content that is closed before it is finished leaves the
 * file as it is.
 *
 * Errors: `Unsupported` by drivers that leave writing to the caller; `BadArgument` for a relative path, after a read or the
 * second time; `NotReady` before the content information is complete; `NotFound`, `AccessDenied` for the file. What cannot
 * be written later is an error of the read. Source: none, an addition to PeerDistClientStreamRead.
 *
 * @example
 * ```ts
 * import { readFile, writeFile } from 'node:fs/promises';
 * import { resolve } from 'node:path';
 * import { createPeerweave } from 'peerweave';
 * import { createEngineDriver, makeContentInformation } from 'peerweave/engine';
 *
 * const driver = createEngineDriver({ dataDir: './consumer', listen: false });
 * const { effects, promise } = createPeerweave({ driver });
 * const origin = Buffer.from('hello');
 * const information = await makeContentInformation([origin], { secret: Buffer.from('secret') });
 * await using session = await promise(effects.openSession());
 * await using content = await promise(effects.openContent(session));
 * await promise(effects.addContentInformation(content, information));
 * await promise(effects.completeContentInformation(content));
 *
 * await writeFile('hello.part', '');
 * await promise(effects.fillContentFile(content, resolve('hello.part')));
 * await promise(effects.addContentData(content, 0, origin));
 * await promise(effects.readContent(content, { maxBytes: 5 }));
 * await promise(effects.finishContentFile(content));
 * console.log(await readFile('hello.part', 'utf8')); // hello
 * ```
 */
export const fillContentFile = (content: Content, path: string, options?: EffectOptions): PeerEffect<void> =>
  checked('fillContentFile', absolutePath, path, (valid) =>
    onSessionChild(
      content,
      KIND,
      'fillContentFile',
      (driver, { session, raw }, signal) => driver.fillFile(session, raw, valid, { signal }),
      options,
    ),
  );

/**
 * Resolves when the file has all of the content, which was read to its end. See {@link fillContentFile} for an example.
 *
 * The file is the caller's then: he may move, change or remove it. The driver never changes it again, and serves from it
 * what is unchanged.
 *
 * Errors: `NotFound` before the stream was read to its end, `BadArgument` where no file is filled, `System` for what could
 * not be written. Source: none, an addition to PeerDistClientStreamRead.
 */
export const finishContentFile = (content: Content, options?: EffectOptions): PeerEffect<void> =>
  onSessionChild(
    content,
    KIND,
    'finishContentFile',
    (driver, { session, raw }, signal) => driver.finishFile(session, raw, { signal }),
    options,
  );
