import type { Command } from 'commander';
import { liveFindings } from '../findings.js';
import { withContext } from '../context.js';

export const addDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('explain what works on this machine, which driver is used for what, and what to do')
    .action(async (_options: unknown, command: Command) => {
      await withContext(command, async ({ opened, output }) => {
        const reports = await liveFindings(opened.driver);
        const { grouping, distribution } = opened;
        const ok = reports.every(
          (report) => report.driver !== opened.driver.name || report.findings.every((f) => f.ok),
        );
        output.result(
          { ok, grouping, distribution, reports },
          [
            `groups: ${grouping.uses} (${grouping.because})`,
            `content: ${distribution.uses} (${distribution.because})`,
            ...reports.flatMap(({ driver, findings }) => [
              '',
              `${driver}:`,
              ...findings.map(
                (finding) =>
                  `  ${finding.ok ? 'ok ' : 'NO '} ${finding.subject}: ${finding.detail}` +
                  (finding.advice === undefined || finding.ok ? '' : `\n      ${finding.advice}`),
              ),
            ]),
          ].join('\n'),
        );
        if (!ok) process.exitCode = 6;
      });
    });
};
