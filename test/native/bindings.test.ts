import { describe, expect, it } from 'vitest';
import { API_BINDINGS } from '../../src/native/bindings.js';
import type { ResultKind, Signature } from '../../src/native/signature.js';
import { windowsApi } from './windows-api.js';

const RETURNS: Readonly<Record<string, ResultKind>> = {
  HRESULT: 'hresult',
  DWORD: 'win32',
  BOOL: 'bool',
  VOID: 'void',
};

describe('the bindings', () => {
  it('are the 82 functions of the two APIs, no more and no less', () => {
    const bound = Object.keys(API_BINDINGS);
    expect(bound).toHaveLength(82);
    expect(bound.sort()).toEqual(windowsApi.functions.map(({ name }) => name).sort());
  });

  it.each(windowsApi.functions)('$name has the signature of the header', (documented) => {
    const bound: Signature = API_BINDINGS[documented.name as keyof typeof API_BINDINGS];
    expect(bound.library).toBe(documented.dll.replace('.dll', '').toLowerCase());
    expect(bound.result).toBe(RETURNS[documented.returns]);
    expect(bound.parameters).toEqual(
      documented.params.map(({ name, abi, direction, optional }) => ({ name, abi, direction, optional })),
    );
  });
});
