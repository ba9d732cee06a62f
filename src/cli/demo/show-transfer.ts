import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { publish } from 'peerweave';
import { type Context, inSession } from '../context.js';
import { columns, formatBytes, formatRate } from '../output.js';
import { createProgress } from '../progress.js';
import { sha256Of } from '../sha256.js';
import { retrieveElsewhere } from './second-process.js';

export interface DemoResult {
  readonly data: object;
  readonly text: string;
}

/** Publishes here, retrieves in another process that shares nothing with this one but a socket, and compares. */
export const showTransfer = (context: Context, source: string, directory: string): Promise<DemoResult> =>
  inSession(context, async (session) => {
    const { output, opened, signal } = context;
    const started = Date.now();
    using hashing = createProgress('   publishing');
    const published = await context.last(publish(source, { session }), (event) =>
      hashing.at(event.bytes, event._tag === 'Publishing' ? event.total : event.bytes),
    );
    hashing[Symbol.dispose]();
    if (published._tag !== 'Published') throw new Error('publishing ended without a publication');
    const publishSeconds = (Date.now() - started) / 1000;
    const { bytes, contentInformation } = published;
    output.say(
      `   published ${basename(source)}: ${formatBytes(bytes)} in ${publishSeconds.toFixed(2)} s; ` +
        `its content information has ${contentInformation.length} bytes`,
    );

    const endpoint = opened.engine?.endpoint();
    if (endpoint === undefined) throw new Error('the demo needs the embedded engine: use --driver engine');
    const peer = `${endpoint.host}:${endpoint.port}`;
    const ciFile = join(directory, 'content.ci');
    const target = join(directory, 'retrieved.bin');
    await writeFile(ciFile, contentInformation, { mode: 0o600 });
    using fetching = createProgress('   retrieving');
    const report = await retrieveElsewhere(
      ['--data-dir', join(directory, 'consumer'), 'retrieve', ciFile, '--peer', peer, '-o', target],
      (progress) => fetching.at(progress.bytes, bytes, `from ${peer}`),
      signal,
    );
    fetching[Symbol.dispose]();
    const fromPeers = Object.values(report.fromPeers).reduce((sum, count) => sum + count, 0);
    const seconds = report.seconds ?? 0;
    const equal = report.sha256 === (await sha256Of(source)) && report.sha256 === (await sha256Of(target));
    output.say(`   a second process retrieved and verified ${formatBytes(report.bytes)} from ${peer}`);
    if (!equal) throw new Error('the retrieved file differs from the published one');
    return {
      data: {
        bytesFromPeers: fromPeers,
        seconds,
        megabytesPerSecond: bytes / 1e6 / seconds,
        sha256Equal: equal,
      },
      text: columns([
        ['   bytes from peers', `${fromPeers} (${formatBytes(fromPeers)})`],
        ['   seconds', seconds.toFixed(2)],
        ['   rate', formatRate(fromPeers, seconds)],
        ['   SHA-256 equal', `yes, ${report.sha256 ?? ''}`],
      ]),
    };
  });
