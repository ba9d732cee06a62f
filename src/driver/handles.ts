declare const kind: unique symbol;

/**
 * What a driver hands out for something it has opened: a number that means nothing outside that driver. On Windows it
 * is the pointer-sized handle, in the engine a counter that is never used twice.
 */
export type DriverHandle<Kind extends string> = bigint & { readonly [kind]: Kind };

export type GroupHandle = DriverHandle<'group'>;
export type GroupEventsHandle = DriverHandle<'group-events'>;
export type SessionHandle = DriverHandle<'distribution-session'>;
export type StreamHandle = DriverHandle<'publication-stream'>;
export type ContentInformationHandle = DriverHandle<'content-information'>;
export type ContentHandle = DriverHandle<'content'>;

/** A listing in progress. `Item` is what {@link EnumerationDriver.nextItems} yields. */
export type EnumerationHandle<Item> = DriverHandle<'enumeration'> & { readonly __item?: Item };
