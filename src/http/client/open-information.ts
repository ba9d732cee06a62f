import { isDriverFault } from '../../driver/index.js';
import { readContentAt } from '../../effects/content.js';
import type { ContentSource } from '../../effects/content-source.js';
import { promiseOf } from '../../effects/effect.js';
import { isPeerError, type PeerError, type PeerErrorTag } from '../../effects/error/index.js';
import { openDescribed, type OpenDescribedOptions } from '../../effects/read-content.js';
import { sessionCore } from '../../effects/session.js';
import type { Interpretation } from './content-state.js';
import type { PlacesOptions } from './options.js';
import { mayPass, OPERATION, StartOver } from './origin-failure.js';
import { DEFAULT_PLACES, supplierGroups, type Suppliers } from './places.js';
import { SuppliedContent } from './supplied-content.js';

/** As much as the service takes; of version 1 it describes 128 GiB. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What is the caller's to know, and not a matter of the content information. */
const OWN_FAULTS: ReadonlySet<PeerErrorTag> = new Set(['Cancelled', 'HandleClosed']);

/**
 * Opens the content that content information describes, which must be what the answer's head says it is.
 * @throws StartOver for content information that is of no use.
 */
export const openInformation = async (
  pieces: AsyncIterable<Uint8Array>,
  { start, length = 0 }: Interpretation,
  options: PlacesOptions & Pick<OpenDescribedOptions, 'name' | 'file' | 'isCounted'>,
  signal: AbortSignal,
): Promise<SuppliedContent> => {
  const { env } = sessionCore(options.session, OPERATION);
  const [first, second] = supplierGroups(options.places ?? DEFAULT_PLACES);
  const came = usable(pieces);
  // There may be much of it: it is only held here if it is needed once more.
  const information = second === undefined ? came : await whole(came);
  const open = (from: ContentSource, suppliers: Suppliers) =>
    openDescribed(from, { ...options, suppliers }, signal, OPERATION);
  const content = await open(information, first).catch((error: unknown) => {
    if (!isPeerError(error) || OWN_FAULTS.has(error._tag) || cannotBeTold(error)) throw error;
    throw new StartOver('content-information', error.message);
  });
  try {
    const [begin, last, behind] = await Promise.all(
      [start, length - 1, length].map((at) =>
        promiseOf(readContentAt(content, at, { maxBytes: 0 }, { signal })(env)),
      ),
    );
    if (begin?._tag === 'End' || last?._tag === 'End' || behind?._tag !== 'End') {
      throw new StartOver('content-information', 'the content information is of content of another length');
    }
    return new SuppliedContent(content, second && (() => open(information, second)));
  } catch (error) {
    await content.close();
    throw error;
  }
};

/** The driver could open the content, but not have it from whom it is asked for. */
const cannotBeTold = ({ _tag, cause }: PeerError): boolean =>
  _tag === 'Unsupported' && isDriverFault(cause) && cause.operation === 'distribution.openContent';

/** Content information as it comes from the origin, no more of it than is of use. */
async function* usable(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const piece of pieces) {
      length += piece.length;
      if (length > MOST_BYTES)
        throw new StartOver('content-information', 'the content information is too long');
      yield piece;
    }
  } catch (error) {
    if (!mayPass(error)) throw error;
    throw new StartOver('broken-information', 'the content information broke off', error);
  }
}

const whole = async (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
};
