import type { InvitationInfo } from '../../driver/index.js';
import { Refusal } from './refusal.js';

const GLOBAL = 'Global_';
const LOCAL = /^(SiteLocal|LinkLocal)_[0-9A-Za-z:%._-]{1,100}$/;

export interface CloudScope {
  readonly scope: Exclude<InvitationInfo['scope'], 'any'>;
  /** 1: the name means something on this machine's links only. */
  readonly flags: number;
}

/** The cloud a group lives in: the global one by default. `Global_`, `SiteLocal_…` and `LinkLocal_…` exist. */
export const resolveCloud = (cloud: string | undefined): string => {
  if (cloud === undefined || cloud === GLOBAL) return GLOBAL;
  if (LOCAL.test(cloud)) return cloud;
  throw new Refusal(
    'PEER_E_NO_CLOUD',
    `no cloud is called '${cloud}'; use Global_, SiteLocal_<zone> or LinkLocal_<zone>`,
  );
};

/** The scope that a cloud's name stands for. */
export const scopeOfCloud = (cloud: string): CloudScope => {
  if (cloud === GLOBAL) return { scope: 'global', flags: 0 };
  return { scope: cloud.startsWith('SiteLocal_') ? 'site-local' : 'link-local', flags: 1 };
};

/** Refuses a cloud that was asked for but is not the one the group was made in. */
export const checkCloud = (wanted: string | undefined, actual: string): void => {
  if (wanted !== undefined && resolveCloud(wanted) !== actual)
    throw new Refusal('PEER_E_NO_CLOUD', `the group lives in ${actual}, not in ${wanted}`);
};
