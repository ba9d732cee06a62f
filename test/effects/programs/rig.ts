import { createEnv, createIdentity, orThrow } from '../../../src/effects/index.js';
import { createFakeDriver } from '../../../src/testing/index.js';

/** A program's environment on a fake driver, which prints what is given back to it. */
export const programEnv = async () => {
  const fake = createFakeDriver();
  const say = (operation: string): void => console.log(operation);
  const { close } = fake.grouping;
  const { closeContent, shutdown } = fake.distribution;
  fake.grouping.close = (group) => (say('close group'), close(group));
  fake.distribution.closeContent = (session, content) => (
    say('close content'),
    closeContent(session, content)
  );
  fake.distribution.shutdown = (session) => (say('shutdown'), shutdown(session));
  const env = createEnv({ driver: fake });
  const creatorPeerName = orThrow(await createIdentity()(env)());
  return { env, creatorPeerName };
};
