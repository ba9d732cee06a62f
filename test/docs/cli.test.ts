import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';

const TEXT = readFileSync('docs/CLI.md', 'utf8');

interface Told {
  readonly command: string;
  readonly options: readonly string[];
}

/** What the help of each command tells of. */
const toldBy = (command: Command, path: readonly string[] = []): readonly Told[] => [
  {
    command: path.join(' '),
    options: command
      .createHelp()
      .visibleOptions(command)
      .flatMap(({ long }) => (typeof long === 'string' ? [long] : [])),
  },
  ...command.commands.flatMap((sub) => toldBy(sub, [...path, sub.name()])),
];

const COMMANDS = toldBy(createProgram(false));

/** Whether the text has it as a word of its own. */
const names = (word: string): boolean => new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(TEXT);

it('docs/CLI.md names every command and each of its options', () => {
  const unnamed = COMMANDS.flatMap(({ command, options }) => [
    ...command.split(' ').filter((word) => !names(word)),
    ...options.filter((option) => !names(option)).map((option) => `${command} ${option}`),
  ]);
  expect(unnamed).toEqual([]);
});

it('docs/CLI.md names no option that no command has', () => {
  const known = new Set(COMMANDS.flatMap(({ options }) => options));
  const named = TEXT.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
  expect(named.filter((option) => !known.has(option))).toEqual([]);
});
