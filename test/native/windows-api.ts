import { readFileSync } from 'node:fs';

/** The facts of the SDK headers and reference pages that the driver is checked against. */
interface WindowsApi {
  readonly functions: readonly {
    readonly name: string;
    readonly dll: string;
    readonly returns: string;
    readonly returnAbi: string;
    readonly errors: readonly string[];
    readonly params: readonly {
      readonly name: string;
      readonly abi: string;
      readonly direction: string;
      readonly optional: boolean;
    }[];
  }[];
  readonly structs: readonly {
    readonly name: string;
    readonly size64: number;
    readonly align64: number;
    readonly fields: readonly { readonly name: string; readonly offset64: number; readonly size64: number }[];
  }[];
  readonly enums: readonly { readonly name: string; readonly members: Readonly<Record<string, number>> }[];
  readonly constants: Readonly<Record<string, unknown>>;
}

export const windowsApi = JSON.parse(
  readFileSync(new URL('../fixtures/windows-api.json', import.meta.url), 'utf8'),
) as WindowsApi;
