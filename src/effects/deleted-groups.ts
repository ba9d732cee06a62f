import { hresultFault, type GroupHandle, type GroupingDriver } from '../driver/index.js';
import { toPeerError } from './effect.js';
import type { HandleCore } from './handle-core.js';

/** Open groups by driver, for drivers that do not tell by themselves that one was deleted. */
const OPEN = new WeakMap<GroupingDriver, Set<HandleCore<GroupHandle>>>();

/** Closes a group as void as soon as the driver tells that it was deleted, or {@link closeDeleted} finds it so. */
export const closeWhenDeleted = (core: HandleCore<GroupHandle>, operation: string): void => {
  const { grouping } = core.env.driver;
  const raw = core.assertOpen(operation);
  if (grouping.whenDeleted !== undefined) {
    core.onClose(grouping.whenDeleted(raw, () => closeDeleted(core)));
    return;
  }
  const open = OPEN.get(grouping) ?? new Set();
  OPEN.set(grouping, open.add(core));
  core.onClose(() => open.delete(core));
};

/** Asks every group that is open whether it still is, after one was deleted. What the answers are is told by the handles. */
export const findDeleted = async (grouping: GroupingDriver): Promise<void> => {
  const asked = [...(OPEN.get(grouping) ?? [])].map((core) =>
    core.use('deleteGroup', (raw) => grouping.getStatus(raw)),
  );
  await Promise.allSettled(asked);
};

const closeDeleted = (core: HandleCore<GroupHandle>): void =>
  void core.close('invalidated', (operation) =>
    toPeerError(
      hresultFault(operation, 'PEER_E_INVALID_GROUP', { reason: 'the group has been deleted' }),
      operation,
    ),
  );
