/** Reads `host:port`; an IPv6 address stands in brackets. */
export const parseEndpoint = (text: string): { readonly host: string; readonly port: number } | undefined => {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
};
