import * as E from 'fp-ts/lib/Either.js';
import type { EventRegistration, GroupEventKind, Guid } from '../../driver/index.js';
import { guid } from './guid.js';
import { list, object } from './object.js';
import { inside, optional, problem, type Rule } from './rule.js';
import { oneOf } from './scalars.js';

/** A kind of event, or a kind with the one type of records or data to hear of. */
export type EventRegistrationInput =
  GroupEventKind | { readonly kind: GroupEventKind; readonly type?: Guid | undefined };

const KINDS: Readonly<Record<GroupEventKind, { readonly narrowedByType: boolean }>> = {
  StatusChanged: { narrowedByType: false },
  PropertyChanged: { narrowedByType: false },
  RecordChanged: { narrowedByType: true },
  DirectConnection: { narrowedByType: false },
  NeighborConnection: { narrowedByType: false },
  IncomingData: { narrowedByType: true },
  MemberChanged: { narrowedByType: false },
  ConnectionFailed: { narrowedByType: false },
  AuthenticationFailed: { narrowedByType: false },
};

const isKind = (value: unknown): value is GroupEventKind =>
  typeof value === 'string' && Object.hasOwn(KINDS, value);

const kind: Rule<GroupEventKind> = oneOf(Object.keys(KINDS).filter(isKind));

const registration: Rule<EventRegistration> = object({ kind, type: optional(guid) }, (fields, at) =>
  fields['type'] !== undefined && isKind(fields['kind']) && !KINDS[fields['kind']].narrowedByType
    ? [
        problem(
          inside(at, 'type'),
          'conflict',
          `is only allowed with RecordChanged and IncomingData, not with ${fields['kind']}`,
        ),
      ]
    : [],
);

/** What PeerGroupRegisterEvent takes: one kind or more. */
export const eventRegistrations: Rule<readonly EventRegistration[]> = list(
  (value, at) =>
    typeof value === 'string'
      ? E.map((known: GroupEventKind) => ({ kind: known }))(kind(value, at))
      : registration(value, at),
  1,
);
