import os from 'node:os';

const cell = (text) =>
  String(text ?? '')
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** The report as somebody pastes it. */
export const markdownOf = (results, { libraries, flip }) => {
  const count = (wanted) => results.filter(({ result }) => result === wanted).length;
  const lines = [
    '# peerweave on Windows',
    '',
    `- ${os.version()}, ${os.release()}, ${process.arch}; Node ${process.versions.node}; ${new Date().toISOString()}`,
    ...(libraries === undefined
      ? []
      : [`- **not the system's libraries**: ${Object.keys(libraries).join(', ')} from elsewhere`]),
    `- status changed by: ${flip ?? 'nobody'}`,
    `- ${count('pass')} passed, ${count('FAIL')} failed, ${count('skip')} skipped`,
    '',
    '| check | result | seconds | what was seen, or why not |',
    '| ----- | ------ | ------- | ------------------------- |',
    ...results.map(
      ({ name, result, seconds, detail }) => `| ${name} | ${result} | ${seconds} | ${cell(detail)} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
};
