import { isSupplierOrder, win32Fault, type ContentSupplier } from '../../../driver/index.js';
import type { CrowdService } from '../crowd/index.js';
import type { Discovery } from '../discovery/index.js';

/** Everybody who could be asked for a content, and how. */
export interface Everybody {
  readonly peers: readonly string[];
  readonly discovery: Discovery | undefined;
  readonly crowd: Pick<CrowdService, 'join'> | undefined;
  readonly hosted: AskedCache | undefined;
}

/** A hosted cache, and whether it is asked before the peers. */
export interface AskedCache {
  readonly address: string;
  readonly isAskedFirst: boolean;
}

/** Who of them is asked. */
export type Asked = Pick<Everybody, 'peers' | 'discovery' | 'crowd'> & {
  readonly askedCache: AskedCache | undefined;
};

/** @throws ERROR_INVALID_PARAMETER for what is no order of suppliers. */
export const askedOf = (
  operation: string,
  order: readonly ContentSupplier[] | undefined,
  { peers, discovery, crowd, hosted }: Everybody,
): Asked => {
  if (order === undefined) return { peers, discovery, crowd, askedCache: hosted };
  if (!isSupplierOrder(order)) {
    throw win32Fault(operation, 'ERROR_INVALID_PARAMETER', {
      reason: "suppliers are 'peers' and 'hosted-cache', each once at most",
    });
  }
  const askedCache =
    hosted && order.includes('hosted-cache')
      ? { address: hosted.address, isAskedFirst: order[0] === 'hosted-cache' }
      : undefined;
  return order.includes('peers')
    ? { peers, discovery, crowd, askedCache }
    : { peers: [], discovery: undefined, crowd: undefined, askedCache };
};
