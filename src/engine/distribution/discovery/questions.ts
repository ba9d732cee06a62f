import { versionOf } from '../wire/index.js';
import type { SoughtSegment } from './peer-source.js';
import type { ProbeVersion } from './wire/index.js';

/**
 * Segments of one Probe. Version 1: as many as fit into one packet of Ethernet. Version 2, whose segments are small and
 * many: three packets, of which a loss costs more but which ask for some megabytes at once. Who fetches is asked once for
 * each content, in one packet.
 */
export const SEGMENTS_PER_PROBE: Readonly<Record<ProbeVersion, number>> = { 1: 8, 2: 64, crowd: 4 };

/** What goes into one Probe. */
export interface ProbeContent {
  readonly version: ProbeVersion;
  readonly segments: readonly SoughtSegment[];
}

/** Asks who fetches any of the first of these segments; none if there are none. */
export const crowdQuestion = (segments: readonly SoughtSegment[]): readonly ProbeContent[] =>
  segments.length === 0 ? [] : [{ version: 'crowd', segments: segments.slice(0, SEGMENTS_PER_PROBE.crowd) }];

/** Distributes segments over Probes, which each have one version. */
export const questionsFor = (segments: readonly SoughtSegment[]): ProbeContent[] =>
  ([1, 2] as const).flatMap((version) => {
    const ofVersion = segments.filter(({ hash }) => versionOf(hash) === version);
    const size = SEGMENTS_PER_PROBE[version];
    return Array.from({ length: Math.ceil(ofVersion.length / size) }, (_, index) => ({
      version,
      segments: ofVersion.slice(index * size, (index + 1) * size),
    }));
  });
