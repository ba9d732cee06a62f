/** What a URL asks of a directory: names from its root down, and whether it means a directory. */
export interface RequestPath {
  readonly names: readonly string[];
  readonly isDirectory: boolean;
}

/**
 * The names in the path of a request; `undefined` if one of them could be anything but a plain name below the directory:
 * `.` and `..`, empty ones, percent-encoded separators and NULs, and whatever Windows takes for a device, a drive, a
 * stream or another spelling of a name.
 */
export const requestPath = (
  url: string,
  platform: NodeJS.Platform = process.platform,
): RequestPath | undefined => {
  const [, path] = /^(?:https?:\/\/[^/?#]*)?\/([^?#]*)/i.exec(url) ?? [];
  if (path === undefined) return undefined;
  const names = path === '' ? [] : path.replace(/\/$/, '').split('/').map(decoded);
  const isPlain = platform === 'win32' ? isPlainOnWindows : isPlainName;
  return names.every(isPlain) ? { names, isDirectory: path === '' || path.endsWith('/') } : undefined;
};

const decoded = (name: string): string | undefined => {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
};

const isPlainName = (name: string | undefined): name is string =>
  name !== undefined && name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);

const isPlainOnWindows = (name: string | undefined): name is string =>
  isPlainName(name) &&
  !/[\\:]|[. ]$/.test(name) &&
  !/^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³])(?:\.|$)/i.test(name);

/** A name that its owner has marked as not for everybody. */
export const isHidden = (name: string): boolean => name.startsWith('.');

/** Whether a URL leads to a name as it was listed: not if that is not UTF-8, as Node puts U+FFFD for what it cannot read. */
export const isNameable = (name: string): boolean => !name.includes('\u{fffd}');
