import { Command, InvalidArgumentError, Option } from 'commander';
import { addCache } from './commands/cache.js';
import { addContentInformation } from './commands/content-information.js';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addGet } from './commands/get.js';
import { addGroup } from './commands/group.js';
import { addHostedCache } from './commands/hosted-cache.js';
import { addIdentity } from './commands/identity.js';
import { addPeers } from './commands/peers.js';
import { addProbe } from './commands/probe.js';
import { addPublish } from './commands/publish.js';
import { addRetrieve } from './commands/retrieve.js';
import { addSecret } from './commands/secret.js';
import { addServe } from './commands/serve.js';
import { addService } from './commands/service.js';
import { addWhy } from './commands/why.js';
import { version } from './version.js';

/** The whole command line. It throws instead of ending the process. @param json whether what was wrong is left to who catches it. */
export const createProgram = (json: boolean): Command => {
  const program = new Command('peerweave')
    .description(
      'Share content between peers by the BranchCache protocols, and manage peer identities and groups.',
    )
    .version(version)
    .addOption(new Option('--json', 'print results as JSON, one document per line'))
    .addOption(
      new Option('--data-dir <directory>', 'where keys, groups and cached content lie').argParser(notEmpty),
    )
    .addOption(
      new Option('--driver <name>', 'what does the work')
        .choices(['auto', 'windows', 'engine'])
        .default('auto'),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 system fault, 2 wrong usage or input, 3 not found, 4 access denied, 5 exists already,\n' +
        '6 disabled, unavailable or not ready, 7 timed out, 8 not supported here, 9 broken content or protocol,\n' +
        '130 stopped by a signal.',
    );
  for (const add of [
    addDemo,
    addDoctor,
    addService,
    addPublish,
    addRetrieve,
    addGet,
    addServe,
    addHostedCache,
    addWhy,
    addPeers,
    addProbe,
    addCache,
    addSecret,
    addContentInformation,
    addIdentity,
    addGroup,
  ]) {
    add(program);
  }
  return everywhere(program, json);
};

/** An unset variable of a script would name the directory that the command happens to run in. */
const notEmpty = (text: string): string => {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
};

/** Settings that sub-commands do not inherit once they exist. */
const everywhere = (command: Command, json: boolean): Command => {
  command.exitOverride().showHelpAfterError('(--help tells more)');
  // What is thrown is told as a document then.
  if (json) command.configureOutput({ writeErr: () => undefined });
  for (const sub of command.commands) everywhere(sub, json);
  return command;
};
