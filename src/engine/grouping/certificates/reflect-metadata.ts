interface Metadata {
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  getMetadata?: (key: unknown, target: object) => unknown;
}

/**
 * Gives `Reflect` the three metadata functions that the certificate library's dependency injection asks for, unless
 * the program has brought them itself. Without them the library refuses to load.
 */
export const ensureReflectMetadata = (): void => {
  const reflect = Reflect as Metadata;
  const stored = new WeakMap<object, Map<unknown, unknown>>();
  const own = (key: unknown, target: object): unknown => stored.get(target)?.get(key);

  reflect.defineMetadata ??= (key, value, target) => {
    stored.set(target, (stored.get(target) ?? new Map<unknown, unknown>()).set(key, value));
  };
  reflect.getOwnMetadata ??= own;
  reflect.getMetadata ??= (key, target) => {
    for (let holder: object | null = target; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
      const value = own(key, holder);
      if (value !== undefined) return value;
    }
    return undefined;
  };
};
