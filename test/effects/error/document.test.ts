import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { HRESULT_CODES, WIN32_CODES } from '../../../src/driver/index.js';
import { ERROR_TABLE } from '../../../src/effects/error/table.js';

const INTRODUCTION = `# Errors

Every effect ends with a \`PeerError\` when it fails, and so does the error channel of every cold stream. Decide by
\`_tag\` what to do and by \`code\` which case it was; \`advice\` says what to do in words. A \`BadArgument\` that the SDK
found itself lists every fault of the input in \`problems\`.

Errors that the SDK finds itself have codes that begin with \`PEERWEAVE_\`. Codes of a driver are listed here with the
names and numbers of the Windows headers; the embedded engine answers the same ones. A number that is not listed keeps
its value in \`number\` and is tagged \`System\`.
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
    '| Code | Number | Tag | What happened | What to do |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const path = fileURLToPath(new URL('../../../docs/ERRORS.md', import.meta.url));
  const formatted = await format(document, { ...(await resolveConfig(path)), parser: 'markdown' });
  await expect(formatted).toMatchFileSnapshot(path);
});
