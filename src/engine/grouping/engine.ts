import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  systemClock,
  type Clock,
  type EnumerationDriver,
  type GroupingDriver,
  type IdentityDriver,
} from '../../driver/index.js';
import { Calls } from './calls.js';
import type { RandomSource } from './crypto/keys.js';
import { createEnumerationDriver, Enumerations } from './enumerations.js';
import { GroupEvents } from './group-events.js';
import { createGroupingDriver } from './grouping-driver.js';
import { createHandleSource } from './handles.js';
import { createIdentityDriver } from './identity-driver.js';
import { IdentityService } from './identity-service.js';
import { OpenGroups } from './open-groups.js';
import { DataDirectory } from './storage/data-directory.js';
import { GroupStore } from './storage/group-store.js';
import { IdentityStore } from './storage/identity-store.js';

export interface GroupingEngineOptions {
  /** Its sub-directory `grouping` holds identities and groups; several processes of one user may share it. Made on first use. */
  readonly dataDir: string;
  readonly clock?: Clock | undefined;
  /** Where keys, serial numbers and salts come from; its bytes are overwritten. Give another than the system's to tests only. */
  readonly random?: RandomSource | undefined;
}

export interface GroupingEngine {
  readonly grouping: GroupingDriver;
  readonly identity: IdentityDriver;
  readonly enumeration: EnumerationDriver;
  /** Closes all groups, waits for what is under way, ends all listings and refuses every later call. Never rejects. */
  dispose(): Promise<void>;
}

/** The grouping and identity families on local disk. */
export const createGroupingEngine = (options: GroupingEngineOptions): GroupingEngine => {
  const { dataDir, clock = systemClock, random = randomBytes } = options;
  const calls = new Calls();
  const next = createHandleSource();
  const data = new DataDirectory(join(dataDir, 'grouping'), random);
  const identityStore = new IdentityStore(data, clock, random);
  const groupStore = new GroupStore(data, identityStore);
  const enumerations = new Enumerations(next);
  const events = new GroupEvents(next);
  const openGroups = new OpenGroups(groupStore, events, next);
  const identities = new IdentityService({
    identities: identityStore,
    groups: groupStore,
    enumerations,
    random,
  });

  return {
    grouping: createGroupingDriver({
      calls,
      data,
      clock,
      random,
      identities,
      identityStore,
      groupStore,
      openGroups,
      events,
      enumerations,
    }),
    identity: createIdentityDriver(identities, calls),
    enumeration: createEnumerationDriver(enumerations, calls),
    dispose: async () => {
      openGroups.dispose();
      await calls.end();
      enumerations.clear();
    },
  };
};
