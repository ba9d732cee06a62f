import {
  contentInformationLengthLimit,
  contentInformationOf,
  ContentInformationError,
  decodeKeyFile,
  decodeOffer,
  decodeOfferResponse,
  decodeRequest,
  decodeResponse,
  decodeSegmentAges,
  describeForOffer,
  encodeContentInformation,
  encodeKeyFile,
  encodeOffer,
  encodeOfferResponse,
  encodeRequest,
  encodeResponse,
  encodeSegmentAges,
  KeyFileError,
  MAX_OFFER_LENGTH,
  MAX_REQUEST_LENGTH,
  MAX_RESPONSE_LENGTH,
  MessageError,
  parseContentInformation,
  segmentInOffer,
  SEGMENT_LENGTH,
  type ContentInformation,
  type Offer,
  type RetrievalRequest,
  type RetrievalResponse,
} from '../../../../src/engine/distribution/wire/index.js';
import { cut, generateContent, publishedSegments, segmentsV2, vectors } from '../vectors.js';
import {
  decodeDiscoveryMessage,
  DiscoveryMessageError,
  MAX_MESSAGE_LENGTH,
} from '../../../../src/engine/distribution/discovery/wire/index.js';
import { discoveryCorpus, encodeDiscoveryMessage, foreignDiscoveryMessages } from './discovery-corpus.js';
import type { Accepted, Subject } from './fuzz.js';

const fromHex = (hex: string | null | undefined): Buffer[] => (hex ? [Buffer.from(hex, 'hex')] : []);

const content = generateContent(200_000);
const longContent = generateContent(SEGMENT_LENGTH + 65_537);
const range = { start: 70_000, length: 1000 };
const madeInformation = [
  ...[
    publishedSegments('sha256', content),
    publishedSegments('sha512', content),
    segmentsV2(cut(content, 10_000)),
  ],
]
  .flatMap((segments) => [contentInformationOf(segments), contentInformationOf(segments, range)])
  .concat(contentInformationOf(publishedSegments('sha256', longContent)))
  .map(encodeContentInformation);
const informationCorpus = [
  ...[...vectors.v1, ...vectors.v2, ...vectors.ranges_v1, ...vectors.ranges_v2].flatMap(({ ci }) =>
    fromHex(ci),
  ),
  ...madeInformation,
];

const itemsOfInformation = ({ segments }: ContentInformation): number =>
  segments.reduce((sum, { info }) => sum + info.blockHashes.length, segments.length);

const acceptedInformation = (bytes: Buffer): Accepted => {
  const information = parseContentInformation(bytes);
  for (const length of [0, 2, 18, 31, 64]) {
    const limit = contentInformationLengthLimit(bytes.subarray(0, length));
    if (bytes.length > limit)
      throw new Error(`${bytes.length} bytes although at most ${limit} were expected`);
  }
  return { items: itemsOfInformation(information), write: () => encodeContentInformation(information) };
};

const wireCorpus = (isRequest: boolean): Buffer[] =>
  Object.entries(vectors.pccrr.wire)
    .filter(([name]) => /GET|_REQ/.test(name) === isRequest)
    .flatMap(([, { hex }]) => fromHex(hex));

const itemsOfMessage = (message: RetrievalRequest | RetrievalResponse | Offer): number => {
  if ('ranges' in message) return message.ranges.length;
  if ('segmentIds' in message) return message.segmentIds.length;
  return 'segments' in message ? message.segments.length : 1;
};

const acceptedRequest = (bytes: Buffer): Accepted | undefined => {
  const request = decodeRequest(bytes);
  if (request._tag === 'Foreign') return undefined;
  return { items: itemsOfMessage(request), write: () => encodeRequest(request) };
};

const acceptedOffer = (bytes: Buffer): Accepted => {
  const offer = decodeOffer(bytes);
  const segment = offer._tag === 'SegmentInfo' ? segmentInOffer(offer) : undefined;
  return {
    items: itemsOfMessage(offer) + (segment?.blockHashes.length ?? 0),
    write: () => encodeOffer(offer),
  };
};

const offers = vectors.pchc.wire;
const [wholeSegment] = publishedSegments('sha512', longContent.subarray(0, SEGMENT_LENGTH));

const acceptedDiscovery = (bytes: Buffer): Accepted | undefined => {
  const message = decodeDiscoveryMessage(bytes);
  if (message === undefined) return undefined;
  const { segments } = message._tag === 'Probe' ? message : message.found;
  return { items: segments.length, write: () => encodeDiscoveryMessage(message) };
};

const isMessageError = (thrown: unknown): boolean => thrown instanceof MessageError;

const PASSPHRASE = vectors.pchc.key_export_file.passphrase;

/** Every parser of what comes from the network, from another publisher or from a file somebody hands over. */
export const SUBJECTS: readonly Subject[] = [
  {
    name: 'content information',
    corpus: informationCorpus,
    longest: 100_000,
    read: acceptedInformation,
    isRefusal: (thrown) => thrown instanceof ContentInformationError,
  },
  {
    name: 'the length limit of content information',
    corpus: informationCorpus.map((bytes) => bytes.subarray(0, 64)),
    longest: 64,
    read: (bytes) => {
      const limit = contentInformationLengthLimit(bytes);
      return { items: limit > 64 * 1024 * 1024 ? Infinity : 0, write: () => bytes };
    },
    isRefusal: (thrown) => thrown instanceof ContentInformationError,
  },
  {
    name: 'discovery messages',
    corpus: discoveryCorpus,
    alsoMadeFrom: foreignDiscoveryMessages,
    longest: MAX_MESSAGE_LENGTH + 100,
    read: acceptedDiscovery,
    isRefusal: (thrown) => thrown instanceof DiscoveryMessageError,
  },
  {
    name: 'retrieval requests',
    corpus: wireCorpus(true),
    longest: MAX_REQUEST_LENGTH + 100,
    read: acceptedRequest,
    isRefusal: isMessageError,
  },
  {
    name: 'retrieval responses',
    corpus: wireCorpus(false),
    longest: MAX_RESPONSE_LENGTH + 100,
    read: (bytes) => {
      const response = decodeResponse(bytes);
      return { items: itemsOfMessage(response), write: () => encodeResponse(response) };
    },
    isRefusal: isMessageError,
  },
  {
    name: 'ages of segments',
    corpus: [
      Buffer.from('AAEDAgBg6gACYOoA', 'base64'),
      encodeSegmentAges(
        Array.from({ length: 255 }, (_, segment) => ({ segment, milliseconds: 10 * segment })),
      ),
    ],
    longest: 2_000,
    read: (bytes) => {
      const ages = decodeSegmentAges(bytes);
      return ages === undefined ? undefined : { items: ages.length, write: () => encodeSegmentAges(ages) };
    },
    isRefusal: () => false,
  },
  {
    name: 'offers to a hosted cache',
    corpus: [
      ...fromHex(offers.INITIAL_OFFER.hex),
      ...fromHex(offers['SEGMENT_INFO (spec)'].hex),
      ...fromHex(offers.BATCHED_OFFER.hex),
      encodeOffer({
        _tag: 'SegmentInfo',
        port: 80,
        contentTag: Buffer.alloc(16),
        contentInformation: describeForOffer({ info: wholeSegment!, offsetInContent: 0 }),
      }),
    ],
    longest: MAX_OFFER_LENGTH + 100,
    read: acceptedOffer,
    isRefusal: isMessageError,
  },
  {
    name: 'answers to an offer',
    corpus: [encodeOfferResponse('ok'), encodeOfferResponse('interested')],
    longest: 64,
    read: (bytes) => {
      const response = decodeOfferResponse(bytes);
      return { items: 1, write: () => encodeOfferResponse(response) };
    },
    isRefusal: isMessageError,
  },
  {
    name: 'exported server secrets',
    corpus: [
      ...fromHex(vectors.pchc.key_export_file.file_hex),
      encodeKeyFile(content.subarray(0, 1000), PASSPHRASE),
    ],
    longest: 2_000,
    read: (bytes) => {
      const secret = decodeKeyFile(bytes, PASSPHRASE);
      return { items: secret.length, write: () => encodeKeyFile(secret, PASSPHRASE) };
    },
    isRefusal: (thrown) => thrown instanceof KeyFileError,
  },
];
