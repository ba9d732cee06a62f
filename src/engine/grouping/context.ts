import type { Clock } from '../../driver/index.js';
import type { Calls } from './calls.js';
import type { RandomSource } from './crypto/keys.js';
import type { Enumerations } from './enumerations.js';
import type { GroupEvents } from './group-events.js';
import type { IdentityService } from './identity-service.js';
import type { OpenGroups } from './open-groups.js';
import type { DataDirectory } from './storage/data-directory.js';
import type { GroupStore } from './storage/group-store.js';
import type { IdentityStore } from './storage/identity-store.js';

/** Everything that the members of the grouping family work with. */
export interface GroupingContext {
  readonly calls: Calls;
  readonly data: DataDirectory;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly identities: IdentityService;
  readonly identityStore: IdentityStore;
  readonly groupStore: GroupStore;
  readonly openGroups: OpenGroups;
  readonly events: GroupEvents;
  readonly enumerations: Enumerations;
}
