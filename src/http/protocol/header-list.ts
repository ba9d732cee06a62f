/** What Node gives for a header that may have come several times, and what it takes for one that is to be sent. */
export type HeaderValue = number | string | readonly string[] | undefined;

/** Headers of a response that are set already, by lower-case name. */
export type PresetHeaders = Readonly<Record<string, HeaderValue>>;

/** A header as one text, the way RFC 9110, 5.3 joins several. */
export const textOf = (value: HeaderValue): string =>
  typeof value === 'object' ? value.join(', ') : String(value ?? '');

/** The elements of a comma-separated header (`1#` of RFC 9110, 5.6.1), empty ones left out. */
export const listOf = (value: HeaderValue): readonly string[] =>
  textOf(value)
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');

/** `name=value` elements by lower-case name; `undefined` if one is of another form or comes twice. */
export const parametersOf = (value: HeaderValue): ReadonlyMap<string, string> | undefined => {
  const parameters = new Map<string, string>();
  for (const element of listOf(value)) {
    const [, name = '', text = ''] = /^([^\s=]+)\s*=\s*(\S*)$/.exec(element) ?? [];
    const key = name.toLowerCase();
    if (key === '' || parameters.has(key)) return undefined;
    parameters.set(key, text);
  }
  return parameters;
};
