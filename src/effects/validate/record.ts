import { isUint8Array } from 'node:util/types';
import * as E from 'fp-ts/lib/Either.js';
import {
  fileTimeFromMillis,
  LIMITS,
  type GroupRecord,
  type Guid,
  type RecordCreation,
} from '../../driver/index.js';
import type { Problem } from '../error/index.js';
import { guid, recordType } from './guid.js';
import { object, type Fields } from './object.js';
import { recordAttributes, type RecordAttributesInput } from './record-attributes.js';
import { inside, optional, problem, type At, type Rule } from './rule.js';
import { boolean, bytes, integer, text, UINT32_MAX } from './scalars.js';
import { futureTime, ticksOf, time, type TimeInput } from './time.js';

/** A record to add to a group. */
export interface RecordInput {
  /** A GUID of the application's own. */
  readonly type: Guid;
  /** In peer time, which differs from the local clock; see `universalToPeerTime`. */
  readonly expires: TimeInput;
  readonly attributes?: RecordAttributesInput | undefined;
  /** The system prolongs it before it expires; it must then last 4 minutes or more. */
  readonly autoRefresh?: boolean | undefined;
  /** With the attributes 60 MiB at most. */
  readonly data: Uint8Array;
}

/** A record that was read, edited: data, attributes and a later expiry may differ. */
export type RecordEdit = Omit<GroupRecord, 'attributes' | 'expires'> & {
  readonly attributes?: RecordAttributesInput | undefined;
  readonly expires: TimeInput;
};

/** PeerGroupAddRecord's rules; `now` is peer time, or the local clock as far as it is a measure of it. */
export const recordCreation = (now: number): Rule<RecordCreation> =>
  object(
    {
      type: recordType,
      expires: futureTime(now),
      attributes: optional(recordAttributes),
      autoRefresh: optional(boolean),
      data: bytes(),
    },
    (fields, at) => [...withinSize(fields, at), ...lastingEnough(now, fields, at)],
  );

/** PeerGroupUpdateRecord's rules; what must not change is for the driver to see, which knows the record. */
export const recordUpdate = (now: number): Rule<GroupRecord> =>
  object(
    {
      type: recordType,
      id: guid,
      version: integer(0, UINT32_MAX),
      autoRefresh: boolean,
      deleted: boolean,
      creatorId: text(),
      modifiedById: optional(text()),
      attributes: optional(recordAttributes),
      created: time,
      expires: futureTime(now),
      modified: optional(time),
      data: bytes(),
    },
    (fields, at) => [
      ...withinSize(fields, at),
      ...lastingEnough(now, fields, at),
      ...(fields['deleted'] === true
        ? [problem(inside(at, 'deleted'), 'forbidden', 'must be false: delete it with deleteRecord')]
        : []),
    ],
  );

const withinSize = ({ data, attributes }: Fields, at: At): readonly Problem[] => {
  const used = (isUint8Array(data) ? data.length : 0) + xmlOf(attributes, at).length * 2;
  return used > LIMITS['record.max']
    ? [
        problem(
          inside(at, 'data'),
          'length',
          `must with the attributes (2 bytes a character) be ${LIMITS['record.max']} bytes at most, not ${used}`,
        ),
      ]
    : [];
};

const xmlOf = (attributes: unknown, at: At): string => {
  if (attributes === undefined) return '';
  if (typeof attributes === 'string') return attributes;
  return E.getOrElse(() => '')(recordAttributes(attributes, at));
};

/** The page calls an automatic refresh undefined for records that live shorter. */
const lastingEnough = (now: number, { autoRefresh, expires }: Fields, at: At): readonly Problem[] => {
  const ticks = ticksOf(expires);
  const seconds = LIMITS['record.autorefresh.minExpiry'];
  return autoRefresh === true && ticks !== undefined && ticks < fileTimeFromMillis(now + seconds * 1000)
    ? [
        problem(
          inside(at, 'expires'),
          'range',
          `must be ${seconds} seconds or more from now with autoRefresh`,
        ),
      ]
    : [];
};
