import type { DistributionService } from './service.js';

/** Takes publications back, also while the service does not run. Teardown does not fail. */
export const withdraw = async (
  service: DistributionService,
  contentIds: readonly Uint8Array[],
): Promise<void> => {
  if (contentIds.length === 0) return;
  await service
    .withStore(async (store) => {
      for (const contentId of contentIds) await store.unpublish(contentId);
    })
    .catch(() => undefined);
};
