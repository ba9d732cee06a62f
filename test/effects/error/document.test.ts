import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { HRESULT_CODES, WIN32_CODES } from '../../../src/driver/index.js';
import { ERROR_TABLE } from '../../../src/effects/error/table.js';

const INTRODUCTION = `# Errors

Every effect ends with a \`PeerError\` when it fails, and so does the error channel of every cold stream. Decide by
\`_tag\` what to do and by \`code\` which case it was; \`advice\` says what to do in words. A \`BadArgument\` that the SDK
found itself lists every fault of the input in \`problems\`.

Errors that the SDK finds itself have codes that begin with \`PEERWEAVE_\`; a status of an origin is \`HTTP_404\` and the
like, a fault of the file system or the network has the name that Node gives it, such as \`ENOENT\`.

`;

/** Codes of the SDK itself, with what they are tagged and what they mean. */
const OWN: readonly (readonly [code: string, tags: string, meaning: string])[] = [
  ['PEERWEAVE_BAD_ARGUMENT', 'BadArgument', 'an input breaks rules, of which `problems` tells each'],
  ['PEERWEAVE_CANCELLED', 'Cancelled', 'a signal ended it, or it was unsubscribed; the reason is the cause'],
  ['PEERWEAVE_HANDLE_CLOSED', 'HandleClosed', 'the handle was closed before the call'],
  [
    'PEERWEAVE_INVALIDATED',
    'Invalidated',
    'the service was switched off or went away, which voided the handle',
  ],
  ['PEERWEAVE_TIMEOUT', 'Timeout', 'what was waited for did not happen in time'],
  ['PEERWEAVE_UNSUPPORTED', 'Unsupported', 'this driver cannot do it'],
  ['PEERWEAVE_DEFECT', 'Defect', 'a bug: of the driver, of a callback, or of this package'],
  ['PEERWEAVE_SOURCE_CHANGED', 'System', 'a file changed while it was published or prepared'],
  ['PEERWEAVE_ORIGIN_FAILED', 'Unavailable', 'the `origin` of a retrieval rejected or threw'],
  ['PEERWEAVE_ORIGIN_EMPTY', 'NotFound', 'the `origin` of a retrieval answered with no bytes'],
  ['PEERWEAVE_UNREACHABLE', 'Unavailable', 'an origin of HTTP cannot be reached, or its connection broke'],
  ['PEERWEAVE_BAD_ANSWER', 'Protocol', 'an origin of HTTP answers with what makes no sense'],
  ['PEERWEAVE_BAD_RANGE', 'Protocol', 'the same of an answer to a request for a range'],
  ['PEERWEAVE_ENDED_EARLY', 'Unavailable', 'an origin sent fewer bytes than it had announced'],
  ['PEERWEAVE_CONTENT_CHANGED', 'Unavailable', 'the content changed after its first bytes, or too often'],
  [
    'PEERWEAVE_NO_CONTENT_INFORMATION',
    'NotFound',
    'an origin gives no content information, and nobody may be asked without it',
  ],
  ['PEERWEAVE_SERVICE_DISABLED', 'Disabled', 'the service is switched off, and the origin must not be asked'],
  [
    'PEERWEAVE_SERVICE_UNAVAILABLE',
    'Unavailable',
    'the service does not work, and the origin must not be asked',
  ],
  [
    'PEERWEAVE_TAKEN_OVER',
    'AlreadyExists',
    'another process fetches into the same file, and was faster or began anew',
  ],
  ['PEERWEAVE_PART_REMOVED', 'NotFound', 'the `.part` of a file was removed while it was fetched'],
];

const OF_A_DRIVER = `
Codes of a driver have the names and numbers of the Windows headers; the embedded engine answers the same ones. A number
that is not listed keeps its value in \`number\` and is tagged \`System\`.
`;

const hex = (number: number): string => `0x${number.toString(16).padStart(8, '0')}`;

it('docs/ERRORS.md lists the table (update it with vitest -u)', async () => {
  const numbers: Readonly<Record<string, number>> = { ...WIN32_CODES, ...HRESULT_CODES };
  const rows = Object.entries(ERROR_TABLE)
    .filter(([, { tag }]) => tag !== 'Defect')
    .map(
      ([symbol, { tag, what, advice }]) =>
        `| \`${symbol}\` | ${hex(numbers[symbol] ?? NaN)} | ${tag} | ${what} | ${advice} |`,
    );
  const document = [
    INTRODUCTION,
    '| Code | Tag | What happened |',
    '| --- | --- | --- |',
    ...OWN.map(([code, tags, meaning]) => `| \`${code}\` | ${tags} | ${meaning} |`),
    OF_A_DRIVER,
    '| Code | Number | Tag | What happened | What to do |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const path = fileURLToPath(new URL('../../../docs/ERRORS.md', import.meta.url));
  const formatted = await format(document, { ...(await resolveConfig(path)), parser: 'markdown' });
  await expect(formatted).toMatchFileSnapshot(path);
});

it('each code that the library gives is listed, and no other', async () => {
  const root = fileURLToPath(new URL('../../../src/', import.meta.url));
  const files = (await readdir(root, { recursive: true })).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('cli'),
  );
  const texts = await Promise.all(files.map((name) => readFile(join(root, name), 'utf8')));
  const given = new Set(
    texts.flatMap((text) => [...text.matchAll(/'(PEERWEAVE_[A-Z_]+)'/g)].map(([, code]) => code)),
  );
  expect([...given].sort()).toEqual(OWN.map(([code]) => code).sort());
});
