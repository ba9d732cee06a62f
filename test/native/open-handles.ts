import type { Driver } from '../../src/driver/index.js';
import { guid } from '../conformance/groups.js';
import { secretText } from '../conformance/secret-text.js';

const CONTENT_ID = Uint8Array.of(1, 2, 3);
const NOTE = guid('bbbbbbbb-0000-4000-8000-000000000001');

/**
 * What a member of the contract is to be called with so that it gets past its first checks: for each family and member
 * the handles that come first. They are made anew for each call, as the call may close them.
 */
export const openHandles = async (driver: Driver, member: string): Promise<readonly unknown[]> => {
  const [family, name] = member.split('.') as [string, string];
  if (family === 'distribution') return distributionHandles(driver, name);
  if (family === 'enumeration') return [await driver.identity.enumerate()];
  if (family === 'identity') return [await driver.identity.create({})];
  return groupHandles(driver, name);
};

const FIRST_IS_NO_GROUP = new Set(['startup', 'shutdown', 'create', 'parseInvitation', 'importConfig']);
const FIRST_IS_AN_IDENTITY = new Set(['open', 'join', 'joinWithPassword', 'delete']);
const FIRST_IS_A_REGISTRATION = new Set(['getEvents', 'unregisterEvents']);

const groupHandles = async ({ grouping, identity }: Driver, name: string): Promise<readonly unknown[]> => {
  await grouping.startup();
  if (FIRST_IS_NO_GROUP.has(name)) return [];
  const creatorPeerName = await identity.create({});
  if (FIRST_IS_AN_IDENTITY.has(name)) return [creatorPeerName];
  const group = await grouping.create({
    creatorPeerName,
    authentication: { certificate: true, password: true, groupPassword: secretText('correct horse') },
  });
  if (FIRST_IS_A_REGISTRATION.has(name))
    return [await grouping.registerEvents(group, [{ kind: 'RecordChanged', type: NOTE }], () => undefined)];
  return [group];
};

const distributionHandles = async ({ distribution }: Driver, name: string): Promise<readonly unknown[]> => {
  if (name === 'startup') return [];
  const session = await distribution.startup();
  if (name.endsWith('Stream') && name !== 'publishStream')
    return [session, await distribution.publishStream(session, { contentId: CONTENT_ID })];
  if (/^(retrieve|close)ContentInformation$/.test(name)) {
    const stream = await distribution.publishStream(session, { contentId: CONTENT_ID });
    await distribution.completeStream(session, stream);
    return [session, await distribution.openContentInformation(session, { contentId: CONTENT_ID })];
  }
  if (/^(add|complete)ContentInformation$|Read$|^addData$|Content$|BasicInfo$|^explain/.test(name))
    return name === 'openContent' || name === 'unpublish'
      ? [session]
      : [session, await distribution.openContent(session, { tag: new Uint8Array(16) })];
  return [session];
};
