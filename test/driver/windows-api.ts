import { readFileSync } from 'node:fs';

export interface ReferenceFunction {
  readonly name: string;
  readonly family: string;
  readonly returns: string;
  readonly errors: readonly string[];
}

/** The parts of the reference that tests compare with. */
export interface WindowsApi {
  readonly functions: readonly ReferenceFunction[];
  readonly enums: readonly { readonly name: string; readonly members: Readonly<Record<string, number>> }[];
  readonly constants: Readonly<Record<string, number | string>>;
  readonly errorCodes: readonly { readonly name: string; readonly value: string }[];
  readonly reservedRecordTypes: readonly { readonly guid: string; readonly role: string }[];
  readonly limits: readonly { readonly name: string; readonly value: number }[];
}

/** Signatures and numbers of the four families as the public headers and reference pages give them. */
export const windowsApi = JSON.parse(
  readFileSync(new URL('../fixtures/windows-api.json', import.meta.url), 'utf8'),
) as WindowsApi;

/** An error code as a system hands it over: by number, in the space of the call that answers it. */
export const spaceOf = (name: string): 'hresult' | 'win32' =>
  /^(?:PEERDIST_|ERROR_|WAIT_)/.test(name) ? 'win32' : 'hresult';
