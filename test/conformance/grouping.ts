import { describeGroupConfig } from './group-config.js';
import { describeGroupEvents } from './group-events.js';
import { describeGroupLifecycle } from './group-lifecycle.js';
import { describeGroupMembers } from './group-members.js';
import { describeGroupProperties } from './group-properties.js';
import { describeGroupRecords } from './group-records.js';
import { describeInvitations } from './invitations.js';
import type { Capabilities, Setup } from './setup.js';

/** Behaviour of the grouping family. */
export const describeGrouping = (name: string, setup: Setup, capabilities: Capabilities): void => {
  describeGroupLifecycle(name, setup, capabilities);
  describeGroupProperties(name, setup);
  describeGroupEvents(name, setup);
  describeInvitations(name, setup, capabilities);
  describeGroupMembers(name, setup, capabilities);
  describeGroupRecords(name, setup, capabilities);
  describeGroupConfig(name, setup, capabilities);
};
