/**
 * Prints the server secret, or whether the service is enabled and then again when it changes:
 *
 *     config-program secret|watch DIRECTORY
 */
import { ServiceConfig } from '../../../src/engine/service-config.js';

const [what, directory = ''] = process.argv.slice(2);
const config = new ServiceConfig(directory);

if (what === 'secret') {
  console.log((await config.serverSecret()).toString('hex'));
} else {
  const before = await config.isEnabled();
  // Watching does not keep the process alive; this does.
  const timeout = setTimeout(() => process.exit(1), 20_000);
  const stop = config.watch(() => {
    void config.isEnabled().then((enabled) => {
      if (enabled === before) return;
      console.log(enabled);
      stop();
      clearTimeout(timeout);
    });
  });
  console.log(before);
}
