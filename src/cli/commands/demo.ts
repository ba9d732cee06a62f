import { InvalidArgumentError, type Command } from 'commander';
import { runDemo } from '../demo/run-demo.js';

export const addDemo = (program: Command): void => {
  program
    .command('demo')
    .description(
      'show the whole of it on this machine: a group, a publication, a second process that fetches it',
    )
    .argument('[file]', 'what to publish; a generated file by default')
    .option('--size <mib>', 'size of the generated file', mebibytes, 64)
    .action(async (file: string | undefined, { size }: { readonly size: number }, command: Command) => {
      await runDemo(command, file, size);
    });
};

const mebibytes = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_536) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 65536.');
  }
  return value;
};
