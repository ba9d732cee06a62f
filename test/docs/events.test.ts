import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CounterFold } from '../../src/driver/index.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const docs = read('docs/EVENTS.md');

/** What the first column of the table with this heading names. */
const columnOf = (heading: string): readonly string[] => {
  const [, table = ''] = docs.split(new RegExp(`^\\| ${heading} +\\|.*\\n`, 'm'));
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name);
};

const tagsIn = (source: string): readonly string[] =>
  [...source.matchAll(/readonly _tag: '(\w+)'/g)].map(([, tag = '']) => tag);

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].sort();

describe('the tables of events', () => {
  it('have every event of the union, and no other', () => {
    expect(sorted(columnOf('event'))).toEqual(sorted(tagsIn(read('src/driver/distribution-events.ts'))));
  });

  it('have every counter', () => {
    const counters = Object.keys(new CounterFold().counters());
    expect(sorted([...columnOf('counter'), 'peers', 'clients'])).toEqual(sorted(counters));
  });

  it('have every reason, and every reason of a peer', () => {
    const source = read('src/driver/distribution-reasons.ts');
    expect(sorted(columnOf('reason'))).toEqual(sorted(tagsIn(source)));
    const [, peerReasons = ''] = /export type PeerReason =([\s\S]+?)\n\n/.exec(source) ?? [];
    const words = [...peerReasons.matchAll(/\| '([\w-]+)'/g)].map(([, word = '']) => word);
    expect(sorted(columnOf('reason of a peer'))).toEqual(sorted(words));
    expect(words.length).toBeGreaterThan(5);
  });
});

describe('the cmdlets of BranchCache', () => {
  it('are all 32 placed', () => {
    const cli = read('docs/CLI.md');
    const [, section = ''] = cli.split('## For those who know the PowerShell module');
    const named = [
      ...section.matchAll(/`(?:Get|Set|Enable|Disable|Add|Remove|Clear|Reset|Publish|Export|Import)-BC\w*`/g),
    ];
    expect(sorted(named.map(([name]) => name.replaceAll('`', '')))).toEqual(sorted(CMDLETS));
  });
});

/** Source: the reference of the BranchCache module of Windows Server. */
const CMDLETS = [
  'Add-BCDataCacheExtension',
  'Clear-BCCache',
  'Disable-BC',
  'Disable-BCDowngrading',
  'Disable-BCServeOnBattery',
  'Enable-BCDistributed',
  'Enable-BCDowngrading',
  'Enable-BCHostedClient',
  'Enable-BCHostedServer',
  'Enable-BCLocal',
  'Enable-BCServeOnBattery',
  'Export-BCCachePackage',
  'Export-BCSecretKey',
  'Get-BCClientConfiguration',
  'Get-BCContentServerConfiguration',
  'Get-BCDataCache',
  'Get-BCDataCacheExtension',
  'Get-BCHashCache',
  'Get-BCHostedCacheServerConfiguration',
  'Get-BCNetworkConfiguration',
  'Get-BCStatus',
  'Import-BCCachePackage',
  'Import-BCSecretKey',
  'Publish-BCFileContent',
  'Publish-BCWebContent',
  'Remove-BCDataCacheExtension',
  'Reset-BC',
  'Set-BCAuthentication',
  'Set-BCCache',
  'Set-BCDataCacheEntryMaxAge',
  'Set-BCMinSMBLatency',
  'Set-BCSecretKey',
];
