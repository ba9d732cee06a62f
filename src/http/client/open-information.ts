import { isDriverFault } from '../../driver/index.js';
import { readContentAt } from '../../effects/content.js';
import { promiseOf } from '../../effects/effect.js';
import { isPeerError, type PeerError, type PeerErrorTag } from '../../effects/error/index.js';
import { openDescribed } from '../../effects/read-content.js';
import { sessionCore } from '../../effects/session.js';
import type { Interpretation } from './content-state.js';
import type { PlacesOptions } from './options.js';
import { OPERATION, StartOver } from './origin-failure.js';
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
  options: PlacesOptions & { readonly name: string },
  signal: AbortSignal,
): Promise<SuppliedContent> => {
  const { env } = sessionCore(options.session, OPERATION);
  const information = await collect(pieces);
  const [first, second] = supplierGroups(options.places ?? DEFAULT_PLACES);
  const open = (suppliers: Suppliers) => openDescribed(information, { ...options, suppliers }, signal);
  const content = await open(first).catch((error: unknown) => {
    if (!isPeerError(error) || OWN_FAULTS.has(error._tag)) throw error;
    if (cannotBeTold(error)) throw error;
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
    return new SuppliedContent(content, second && (() => open(second)));
  } catch (error) {
    await content.close();
    throw error;
  }
};

/** The driver could open the content, but not have it from whom it is asked for. */
const cannotBeTold = ({ _tag, cause }: PeerError): boolean =>
  _tag === 'Unsupported' && isDriverFault(cause) && cause.operation === 'distribution.openContent';

const collect = async (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > MOST_BYTES)
      throw new StartOver('content-information', 'the content information is too long');
    all.push(piece);
  }
  return Buffer.concat(all);
};
