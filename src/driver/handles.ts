declare const kind: unique symbol;

/**
 * What a driver hands out for something it has opened: a number that means nothing outside that driver. On Windows it
 * is the pointer-sized handle, in the engine a counter that is never used twice.
 */
export type DriverHandle<Kind extends string> = bigint & { readonly [kind]: Kind };

/** HGROUP. */
export type GroupHandle = DriverHandle<'group'>;
/** HPEEREVENT. */
export type GroupEventsHandle = DriverHandle<'group-events'>;
/** PEERDIST_INSTANCE_HANDLE. */
export type SessionHandle = DriverHandle<'distribution-session'>;
/** PEERDIST_STREAM_HANDLE. */
export type StreamHandle = DriverHandle<'publication-stream'>;
/** PEERDIST_CONTENTINFO_HANDLE. */
export type ContentInformationHandle = DriverHandle<'content-information'>;
/** PEERDIST_CONTENT_HANDLE. */
export type ContentHandle = DriverHandle<'content'>;

/** A listing in progress. `Item` is what {@link EnumerationDriver.nextItems} yields. */
export type EnumerationHandle<Item> = DriverHandle<'enumeration'> & { readonly __item?: Item };
