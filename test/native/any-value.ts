import fc from 'fast-check';

/** Everything that JavaScript can hand over, with a liking for what looks almost right. */
export const anyValue = fc.oneof(
  fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
  fc.uuid(),
  fc.constantFrom(null, undefined, Number.NaN, -0, 2 ** 53, {}, [], () => 0, Symbol('x')),
  fc.record(
    {
      creatorPeerName: fc.anything(),
      friendlyName: fc.anything(),
      authentication: fc.anything(),
      contentId: fc.anything(),
      tag: fc.anything(),
      maxBytes: fc.anything(),
      roles: fc.anything(),
      type: fc.anything(),
      data: fc.anything(),
      signal: fc.anything(),
      use: fc.anything(),
    },
    { requiredKeys: [] },
  ),
);
