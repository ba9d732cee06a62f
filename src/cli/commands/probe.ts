import { type Command, InvalidArgumentError, Option } from 'commander';
import { PeerError } from 'peerweave';
import { probe, type ProbedPeer } from 'peerweave/engine';
import { withContext } from '../context.js';
import { describedContent } from '../described-content.js';
import { parseEndpoint } from '../endpoint.js';
import { readNamedFile } from '../files.js';

interface Host {
  readonly host: string;
  readonly port?: number;
}

interface ProbeFlags {
  readonly peer?: readonly string[];
  readonly host?: readonly Host[];
  readonly interface?: readonly string[];
  readonly port?: number;
  readonly multicast: boolean;
}

export const addProbe = (program: Command): void => {
  program
    .command('probe')
    .description('ask the network who has a content, and each peer what it speaks and has')
    .argument('[ci-file]', 'the content information; without it only named peers can be asked')
    .addOption(
      new Option('--peer <host:port...>', 'peers to ask directly').argParser(
        (text: string, before: readonly string[] | undefined) => [...(before ?? []), peerOf(text)],
      ),
    )
    .addOption(
      new Option(
        '--host <host[:port]...>',
        'hosts to ask by discovery, where multicast does not reach',
      ).argParser((text: string, before: readonly Host[] | undefined) => [...(before ?? []), hostOf(text)]),
    )
    .option(
      '--interface <name...>',
      'names or addresses of interfaces to ask on; all but loopback by default',
    )
    .addOption(
      new Option('--port <port>', 'the port of discovery, if not the standard one').argParser(portOf),
    )
    .option('--no-multicast', 'do not ask the neighbours')
    .action(async (ciFile: string | undefined, flags: ProbeFlags, command: Command) => {
      if (ciFile === undefined && flags.peer === undefined) {
        command.error('error: name a content information file, or peers by --peer');
      }
      await withContext(command, async ({ output, signal }) => {
        const contentInformation = ciFile === undefined ? undefined : await read(ciFile, signal);
        const { peers, problems } = await probe({
          contentInformation,
          peers: flags.peer,
          hosts: flags.host,
          interfaces: flags.interface,
          port: flags.port,
          multicast: flags.multicast,
          signal,
        });
        output.result(
          { peers, problems },
          [...peers.map(describe), ...problems.map((problem) => `discovery: ${problem}`)].join('\n'),
        );
        if (!peers.some(({ answer }) => answer !== undefined)) throw nobody();
      });
    });
};

const read = async (ciFile: string, signal: AbortSignal): Promise<Uint8Array> => {
  const bytes = await readNamedFile(ciFile, signal);
  describedContent(ciFile, bytes, 'probe');
  return bytes;
};

/** All others have said something. */
const SILENT: readonly NonNullable<ProbedPeer['failure']>['reason'][] = ['unreachable', 'no-answer-in-time'];

const describe = ({ peer, found, answer, failure }: ProbedPeer): string => {
  if (answer === undefined) {
    const { reason = 'unreachable', detail = '' } = failure ?? {};
    return `${peer}  ${found}, ${SILENT.includes(reason) ? 'does not answer: ' : ''}${detail}`;
  }
  const { minVersion, maxVersion, ms, segments } = answer;
  const versions =
    minVersion === maxVersion ? `version ${minVersion}` : `versions ${minVersion} to ${maxVersion}`;
  const has =
    segments.asked === 0
      ? ''
      : `, has ${segments.whole} of ${segments.asked} segments asked for` +
        (segments.partial === 0 ? '' : `, and ${segments.partial} in part`);
  return `${peer}  ${found}, answers in ${ms} ms, ${versions}${has}`;
};

const peerOf = (text: string): string => {
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined || endpoint.port === 0) throw new InvalidArgumentError('It must be HOST:PORT.');
  return text;
};

const hostOf = (text: string): Host => {
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  if (text === '' || /[\s/\[\]]/.test(text))
    throw new InvalidArgumentError('It must be a host, or HOST:PORT.');
  return { host: text };
};

const portOf = (text: string): number => {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('It must be a port.');
};

const nobody = (): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERWEAVE_NO_PEER',
    operation: 'probe',
    what: 'no peer answered',
    advice:
      'Peers must be on this link or named, serve this content, and be let through by their firewalls (UDP 3702, and the TCP port that they serve at).',
  });
