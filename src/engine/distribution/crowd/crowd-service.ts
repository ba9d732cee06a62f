import type { Clock } from '../../../driver/index.js';
import type { BlockSource } from '../ports.js';
import type { Transport } from '../retrieval/transport.js';
import { Crowd } from './crowd.js';
import type { CrowdContent } from './crowd-content.js';
import { CrowdMember, type Meet } from './member.js';
import { Neighbours } from './neighbours.js';

export interface CrowdServiceParts {
  readonly source: BlockSource;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  /** Carries questions to neighbours. */
  readonly transport: Transport;
}

const TOKEN_BYTES = 8;

/** What this machine tells of its downloads, and asks of those of others. */
export class CrowdService {
  readonly crowd: Crowd;
  readonly #parts: CrowdServiceParts;
  readonly #neighbours: Neighbours;
  #port = 0;

  constructor(parts: CrowdServiceParts) {
    this.#parts = parts;
    this.crowd = new Crowd(parts.source, parts.clock);
    this.#neighbours = new Neighbours(parts.clock, parts.transport);
  }

  /** Blocks and answers are served there from now on. */
  servesAt(port: number): void {
    this.#port = port;
  }

  /** @param meet finds others that fetch the same; left out: nobody does. */
  join(content: CrowdContent, meet?: Meet): CrowdMember {
    const { clock, random } = this.#parts;
    return new CrowdMember({
      crowd: this.crowd,
      neighbours: this.#neighbours,
      clock,
      token: Buffer.from(random(TOKEN_BYTES)).toString('hex'),
      port: this.#port,
      content,
      meet,
    });
  }

  close(): void {
    this.crowd.close();
    this.#neighbours.close();
  }
}
