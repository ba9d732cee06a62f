import { expect, it } from 'vitest';
import {
  fileTimeFromMillis,
  type Driver,
  type FileTime,
  type GroupHandle,
  type Guid,
} from '../../src/driver/index.js';
import { eventually } from './eventually.js';
import { expectFault, expectUnsupported } from './faults.js';
import { connectBoth, guid, joinedMember, leave, listen, ownGroup } from './groups.js';
import { itemsOf } from './listings.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const NOTE = guid('bbbbbbbb-0000-4000-8000-000000000001');
const TASK = guid('bbbbbbbb-0000-4000-8000-000000000002');
const FAR = fileTimeFromMillis(Date.UTC(2040, 0));

const attributes = (...all: readonly string[]): string => `<attributes>${all.join('')}</attributes>`;

const attribute = (name: string, type: string, value: string): string =>
  `<attribute name="${name}" type="${type}">${value}</attribute>`;

const search = (body: string): string => `<peersearch>${body}</peersearch>`;

const clause = (name: string, type: string, compare: string, value: string): string =>
  `<clause attrib="${name}" type="${type}" compare="${compare}">${value}</clause>`;

const idsOf = async (driver: Driver, group: GroupHandle, criteria: string): Promise<readonly string[]> =>
  (await itemsOf(driver, await driver.grouping.searchRecords(group, criteria))).map(({ id }) => id);

const add = ({ grouping }: Driver, group: GroupHandle, xml?: string, type: Guid = NOTE): Promise<Guid> =>
  grouping.addRecord(group, { type, expires: FAR, attributes: xml, data: new Uint8Array() });

const oneTickEarlier = (time: FileTime): FileTime => (time - 1n) as FileTime;

/** The records of a group and its database. */
export const describeGroupRecords = (name: string, setup: Setup, capabilities: Capabilities): void =>
  describeWithDriver(`${name}: records`, setup, (here) => {
    if (!capabilities.records) {
      it('are Unsupported one and all', async () => {
        const { driver, path } = here();
        const { grouping } = driver;
        const { group } = await ownGroup(driver);
        await expectUnsupported(add(driver, group));
        await expectUnsupported(grouping.getRecord(group, NOTE));
        await expectUnsupported(grouping.deleteRecord(group, NOTE));
        await expectUnsupported(grouping.enumerateRecords(group, undefined));
        await expectUnsupported(grouping.searchRecords(group, search(clause('a', 'int', 'equal', '1'))));
        await expectUnsupported(grouping.exportDatabase(group, path('database')));
        await expectUnsupported(grouping.importDatabase(group, path('database')));
        await leave(driver, group);
      });
      return;
    }

    it('are added, read, updated and deleted, with an event for each', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group, identity } = await ownGroup(driver);
      const listener = await listen(driver, group, 'RecordChanged');
      const xml = attributes(attribute('colour', 'string', 'red'));
      const id = await grouping.addRecord(group, {
        type: NOTE,
        expires: FAR,
        attributes: xml,
        data: Uint8Array.of(1, 2, 3),
      });
      const event = { _tag: 'RecordChanged', recordId: id, recordType: NOTE };
      expect(await listener.next('RecordChanged')).toEqual({ ...event, change: 'added' });
      const record = await grouping.getRecord(group, id);
      expect(record).toMatchObject({
        id,
        type: NOTE,
        version: 1,
        creatorId: identity,
        attributes: xml,
        expires: FAR,
        deleted: false,
        data: Uint8Array.of(1, 2, 3),
      });

      await grouping.updateRecord(group, { ...record, data: Uint8Array.of(4) });
      expect(await listener.next('RecordChanged')).toEqual({ ...event, change: 'updated' });
      const updated = await grouping.getRecord(group, id);
      expect(updated).toMatchObject({ version: 2, data: Uint8Array.of(4), created: record.created });

      await grouping.deleteRecord(group, id);
      expect(await listener.next('RecordChanged')).toEqual({ ...event, change: 'deleted' });
      await expectFault(grouping.getRecord(group, id), 'PEER_E_RECORD_NOT_FOUND');
      await expectFault(grouping.deleteRecord(group, id), 'PEER_E_RECORD_NOT_FOUND');
      await expectFault(grouping.updateRecord(group, updated), 'PEER_E_RECORD_NOT_FOUND');
      await listener.stop();
      await leave(driver, group);
    });

    it('change with an event each, handed out in portions of the asked size', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      const events = await grouping.registerEvents(group, [{ kind: 'RecordChanged' }], () => undefined);
      const added = [];
      for (let index = 0; index < 5; index += 1) added.push(await add(driver, group));
      const told: string[] = [];
      await eventually(async () => {
        const portion = await grouping.getEvents(events, 2);
        expect(portion.length).toBeLessThanOrEqual(2);
        for (const event of portion) if (event._tag === 'RecordChanged') told.push(event.recordId);
        return told.length === added.length ? true : undefined;
      });
      expect(told.sort()).toEqual(added.sort());
      expect(await grouping.getEvents(events, 2)).toEqual([]);
      await grouping.unregisterEvents(events);
      await leave(driver, group);
    });

    it('are narrowed to a type by the registration', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      const events = await grouping.registerEvents(
        group,
        [{ kind: 'RecordChanged', type: TASK }],
        () => undefined,
      );
      await add(driver, group, undefined, NOTE);
      const task = await add(driver, group, undefined, TASK);
      const [event] = await eventually(async () => {
        const waiting = await grouping.getEvents(events, 4);
        return waiting.length > 0 ? waiting : undefined;
      });
      expect(event).toMatchObject({ recordId: task });
      await grouping.unregisterEvents(events);
      await leave(driver, group);
    });

    it('are listed by type', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      const [note, task] = [await add(driver, group), await add(driver, group, undefined, TASK)];
      const listed = async (type: Guid | undefined): Promise<readonly string[]> => {
        const records = await itemsOf(driver, await driver.grouping.enumerateRecords(group, type));
        return records.map(({ id }) => id);
      };
      expect(await listed(NOTE)).toEqual([note]);
      expect(await listed(TASK)).toEqual([task]);
      expect(await listed(undefined)).toEqual(expect.arrayContaining([note, task]));
      await leave(driver, group);
    });

    it('keep type and lifetime', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      const record = await driver.grouping.getRecord(group, await add(driver, group));
      await expectFault(driver.grouping.updateRecord(group, { ...record, type: TASK }), 'E_INVALIDARG');
      await expectFault(
        driver.grouping.updateRecord(group, { ...record, expires: oneTickEarlier(record.expires) }),
        'E_INVALIDARG',
        'PEER_E_INVALID_RECORD_EXPIRATION',
      );
      await leave(driver, group);
    });

    it.each([
      '<attributes>',
      attributes(attribute('two words', 'string', 'x')),
      attributes(attribute('x'.repeat(41), 'string', 'x')),
      attributes(attribute('peercreatorid', 'string', 'x')),
      attributes(attribute('n', 'int', 'many')),
      attributes(attribute('n', 'float', '1.5')),
      attributes(attribute('d', 'date', 'tomorrow')),
    ])('do not take the attributes %s', async (xml) => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      await expectFault(add(driver, group, xml), 'PEER_E_INVALID_ATTRIBUTES');
      await leave(driver, group);
    });

    it('are neither reserved, nor expired, nor larger than 60 MiB', async () => {
      const { driver } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      const reserved = guid('00000400-0000-0000-0000-000000000000');
      await expectFault(add(driver, group, undefined, reserved), 'PEER_E_NOT_AUTHORIZED');
      const data = new Uint8Array();
      await expectFault(
        grouping.addRecord(group, { type: NOTE, expires: fileTimeFromMillis(0), data }),
        'E_INVALIDARG',
        'PEER_E_INVALID_RECORD',
        'PEER_E_INVALID_RECORD_EXPIRATION',
      );
      await expectFault(
        grouping.addRecord(group, { type: NOTE, expires: FAR, data: new Uint8Array(62_914_561) }),
        'PEER_E_MAX_RECORD_SIZE_EXCEEDED',
      );
      await leave(driver, group);
    });

    it('are found by what their attributes say', async () => {
      const { driver } = here();
      const { group, identity } = await ownGroup(driver);
      const made = (colour: string, size: number, day: string) =>
        add(
          driver,
          group,
          attributes(
            attribute('colour', 'string', colour),
            attribute('size', 'int', `${size}`),
            attribute('day', 'date', day),
          ),
        );
      const red = await made('dark red', 9, '2026-01-01T00:00:00Z');
      const blue = await made('blue*', 10, '2026-06-01T00:00:00Z');
      const green = await made('green', -3, '2027-01-01T00:00:00Z');
      const cases: readonly (readonly [string, readonly string[]])[] = [
        [clause('colour', 'string', 'equal', 'green'), [green]],
        [clause('colour', 'string', 'equal', '*re?*'), [red, green]],
        [clause('colour', 'string', 'equal', '?????'), [blue, green]],
        [clause('colour', 'string', 'equal', '*\\*'), [blue]],
        [clause('colour', 'string', 'notequal', 'g*'), [red, blue]],
        [clause('size', 'int', 'greater', '9'), [blue]],
        [clause('size', 'int', 'greaterorequal', '9'), [red, blue]],
        [clause('size', 'int', 'less', '0'), [green]],
        [clause('size', 'int', 'lessorequal', '-3'), [green]],
        [clause('day', 'date', 'less', '2026-12-31T23:00:00-01:00'), [red, blue]],
        [clause('peercreatorid', 'string', 'equal', identity), [red, blue, green]],
        [clause('size', 'string', 'equal', '9'), []],
        [clause('shape', 'string', 'equal', '*'), []],
        [
          `<and>${clause('size', 'int', 'greater', '0')}${clause('colour', 'string', 'equal', 'b*')}</and>`,
          [blue],
        ],
        [
          `<or>${clause('size', 'int', 'equal', '9')}<and>${clause('size', 'int', 'less', '0')}</and></or>`,
          [red, green],
        ],
      ];
      for (const [criteria, expected] of cases)
        expect([...(await idsOf(driver, group, search(criteria)))].sort(), criteria).toEqual(
          [...expected].sort(),
        );
      await leave(driver, group);
    });

    it.each([
      ['', 'PEER_E_INVALID_SEARCH'],
      ['<peersearch/>', 'PEER_E_INVALID_SEARCH'],
      [search('<and></and>'), 'PEER_E_INVALID_SEARCH'],
      [search(clause('a', 'int', 'equal', '1') + clause('a', 'int', 'equal', '2')), 'PEER_E_INVALID_SEARCH'],
      [search(clause('a', 'int', 'about', '1')), 'PEER_E_INVALID_SEARCH'],
      [search(clause('a', 'string', 'equal', 'back\\slash')), 'E_INVALIDARG'],
    ] as const)('are not searched for by %s', async (criteria, symbol) => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      await expectFault(driver.grouping.searchRecords(group, criteria), symbol);
      await leave(driver, group);
    });

    it('come back from an exported database', async () => {
      const { driver, path } = here();
      const { grouping } = driver;
      const { group } = await ownGroup(driver);
      const id = await add(driver, group);
      await expectFault(grouping.exportDatabase(group, 'relative'), 'E_INVALIDARG');
      await grouping.exportDatabase(group, path('database'));
      await grouping.importDatabase(group, path('database'));
      expect((await grouping.getRecord(group, id)).id).toBe(id);
      if (capabilities.connect) {
        await grouping.connect(group);
        await expectFault(grouping.importDatabase(group, path('database')), 'PEER_E_GROUP_IN_USE');
      }
      await leave(driver, group);
    });

    it('have times that convert there and back', async () => {
      const { driver } = here();
      const { group } = await ownGroup(driver);
      const peerTime = await driver.grouping.universalToPeerTime(group, FAR);
      expect(await driver.grouping.peerToUniversalTime(group, peerTime)).toBe(FAR);
      await leave(driver, group);
    });

    if (capabilities.connect)
      it('reach every member, and change only by who may', async () => {
        const { driver, consumer } = here();
        const { group } = await ownGroup(driver);
        const early = await add(driver, group);
        const member = await joinedMember(driver, group, consumer);
        await expectFault(add(consumer, member.group), 'PEER_E_GROUP_NOT_READY');
        const listener = await listen(consumer, member.group, 'RecordChanged');
        await connectBoth(driver, group, consumer, member.group);
        expect(await listener.next('RecordChanged')).toMatchObject({ change: 'added', recordId: early });
        const late = await add(driver, group, undefined, TASK);
        expect(await listener.next('RecordChanged')).toMatchObject({ change: 'added', recordId: late });
        const record = await consumer.grouping.getRecord(member.group, late);
        await expectFault(consumer.grouping.updateRecord(member.group, record), 'PEER_E_NOT_AUTHORIZED');
        await expectFault(consumer.grouping.deleteRecord(member.group, late), 'PEER_E_NOT_AUTHORIZED');
        await expectFault(
          consumer.grouping.setProperties(member.group, await consumer.grouping.getProperties(member.group)),
          'PEER_E_NOT_AUTHORIZED',
        );
        await driver.grouping.deleteRecord(group, late);
        expect(await listener.next('RecordChanged')).toMatchObject({ change: 'deleted', recordId: late });
        await listener.stop();
        await leave(consumer, member.group);
        await leave(driver, group);
      });
  });
