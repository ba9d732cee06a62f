import { createHash, randomBytes } from 'node:crypto';
import { assert, Skip, within } from './outcome.mjs';
import { changeStatus } from './change-status.mjs';
import { withPeers } from './package.mjs';

const BLOCK = 65_536;
const CONTENT_BYTES = 20 * BLOCK + 5;
const QUIET_MS = 500;
const CHANGE_MS = 45_000;

const withSession = (context, use, options) =>
  withPeers(
    context,
    async (peers, driver) => {
      const { findings } = await context.support();
      const here = findings.find(({ subject }) => subject === 'distribution service');
      if (here?.ok !== true)
        throw new Skip(here === undefined ? 'see doctor' : `${here.detail}; ${here.advice}`);
      const session = await peers.promise(peers.effects.openSession());
      try {
        return await use({ ...context.peerweave, ...peers, driver, session });
      } finally {
        await session.close();
      }
    },
    options,
  );

const whileAvailable = (context, use) =>
  withSession(context, async (on) => {
    const status = await on.promise(on.effects.getDistributionStatus(on.session));
    if (status !== 'available') throw new Skip(`BranchCache is ${status}`);
    return use(on);
  });

const last = (observable) =>
  new Promise((resolve, reject) => {
    let seen;
    observable.subscribe({ next: (value) => (seen = value), error: reject, complete: () => resolve(seen) });
  });

const publishSome = async ({ publish, session }, contentId, content) => {
  const { _tag, contentInformation } = await last(publish(content, { session, contentId }));
  assert(_tag === 'Published', 'the publication did not end');
  return contentInformation;
};

/** One registration that is taken back: nothing comes before, and the end of it after. */
const register = (statusSignal) => (context) =>
  withPeers(
    context,
    async (_peers, { distribution }) => {
      const session = await distribution.startup().catch((error) => {
        throw new Skip(error.message);
      });
      const status = await distribution.getStatus(session);
      const { changed } = await distribution.registerStatusChange(session);
      const outcome = changed.then(
        (info) => `changed to ${info.status}`,
        (fault) => fault.symbol ?? fault.message,
      );
      const quiet = new Promise((resolve) => setTimeout(resolve, QUIET_MS, 'quiet'));
      const before = await Promise.race([outcome, quiet]);
      assert(before === 'quiet', `without any change: ${before}`);
      await distribution.unregisterStatusChange(session);
      const after = await within(10_000, 'the end of the registration', outcome);
      assert(after === 'ERROR_OPERATION_ABORTED', `unregistering ended it with ${after}`);
      await distribution.shutdown(session);
      return `${status}; registered, quiet, unregistered: ${after}`;
    },
    { statusSignal },
  );

/** What PeerDist.dll must do. */
export const CONTENT_CHECKS = [
  {
    name: 'status',
    run: (context) =>
      withSession(context, async ({ driver, session, effects, promise }) => {
        await promise(effects.getDistributionStatus(session));
        const raw = await driver.distribution.startup();
        const info = await driver.distribution.getStatusInfo(raw);
        await driver.distribution.shutdown(raw);
        return `${info.status}, content information of versions ${info.minVersion} to ${info.maxVersion}`;
      }),
  },
  { name: 'status registration by event', run: register('event') },
  { name: 'status registration by completion port', run: register('completion-port') },
  {
    name: 'status flip',
    run: (context) =>
      withSession(context, async ({ session, effects, promise, distributionStatus }) => {
        if (context.flip === undefined)
          throw new Skip('turns BranchCache off and on: run with --flip netsh as an administrator');
        const change = await changeStatus(context);
        const seen = [];
        let look = () => undefined;
        const subscription = distributionStatus(session).subscribe((event) => {
          seen.push(event._tag === 'Status' ? event.status : event.error.message);
          look();
        });
        const until = (status) =>
          within(
            CHANGE_MS,
            `${status}, after ${seen.join(', ')}`,
            new Promise((resolve) => {
              look = () => seen.at(-1) === status && resolve();
              look();
            }),
          );
        try {
          change.on();
          await until('available');
          const content = await promise(effects.openContent(session, { tag: 'peerweave-verify' }));
          change.off();
          await until('disabled');
          assert(content.state === 'invalidated', `an open content is ${content.state}`);
          change.on();
          await until('available');
          return `${seen.join(', ')}; the open content was closed as invalidated`;
        } finally {
          subscription.unsubscribe();
        }
      }),
  },
  {
    name: 'publish and retrieve',
    run: (context) =>
      whileAvailable(context, async (on) => {
        const { session, retrieve, effects, promise } = on;
        const content = randomBytes(CONTENT_BYTES);
        const information = await publishSome(on, 'peerweave-verify', content);
        const origin = async ({ offset, length }) => content.subarray(offset, offset + length);
        const got = await last(retrieve(information, { session, tag: 'peerweave-verify', origin }));
        assert(got?._tag === 'Retrieved', 'the retrieval did not end');
        const read = await promise(effects.openContent(session, { tag: 'peerweave-verify' }));
        await promise(effects.addContentInformation(read, information));
        await promise(effects.completeContentInformation(read));
        const piece = await promise(
          effects.readContentAt(read, BLOCK, { maxBytes: 1_000, timeoutMs: 5_000 }),
        );
        const wanted = content.subarray(BLOCK, BLOCK + 1_000);
        if (piece._tag === 'Data')
          assert(
            wanted.subarray(0, piece.bytes.length).equals(piece.bytes),
            'other bytes came from the cache',
          );
        await read.close();
        await promise(effects.flushContent(session, 'peerweave-verify'));
        await promise(effects.unpublish(session, 'peerweave-verify'));
        return `${information.length} bytes of content information; from the cache: ${piece._tag}`;
      }),
  },
  {
    name: 'content information',
    run: (context) =>
      whileAvailable(context, async (on) => {
        if (context.libraries !== undefined) throw new Skip('simulated libraries make it up');
        const content = randomBytes(CONTENT_BYTES);
        const bytes = await publishSome(on, 'peerweave-verify', content);
        await on.promise(on.effects.unpublish(on.session, 'peerweave-verify'));
        const { hash, segments } = context.peerweave.engine.parseContentInformation(bytes);
        const [{ info }] = segments;
        const first = createHash(hash).update(content.subarray(0, BLOCK)).digest();
        if (info.blockHashes !== undefined && info.blockHashes.length > 0)
          assert(first.equals(Buffer.from(info.blockHashes[0])), 'the hash of the first block is another');
        return `${hash}, ${segments.length} segments, as [MS-PCCRC] has it`;
      }),
  },
  {
    name: 'nothing stays open',
    run: async (context) => {
      if (context.peerweave === undefined) throw new Skip('there is no built package');
      const open = context.peerweave.effects.liveHandleCount();
      assert(open === 0, `${open} handles`);
      return 'no handle';
    },
  },
];
