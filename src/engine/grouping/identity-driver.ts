import type { IdentityDriver } from '../../driver/index.js';
import type { IdentityService } from './identity-service.js';
import type { Calls } from './calls.js';

/** The identity family of the contract. It needs no start-up: identities exist without any group. */
export const createIdentityDriver = (service: IdentityService, calls: Calls): IdentityDriver => ({
  create: (creation, call) => calls.perform('identity.create', () => service.create(creation, call), call),
  delete: (identity) => calls.perform('identity.delete', () => service.delete(identity)),
  getDefault: () => calls.perform('identity.getDefault', () => service.getDefault()),
  enumerate: () => calls.perform('identity.enumerate', () => service.enumerate()),
  enumerateGroups: (identity) =>
    calls.perform('identity.enumerateGroups', () => service.enumerateGroups(identity)),
  getFriendlyName: (identity) =>
    calls.perform('identity.getFriendlyName', () => service.getFriendlyName(identity)),
  setFriendlyName: (identity, friendlyName) =>
    calls.perform('identity.setFriendlyName', () => service.setFriendlyName(identity, friendlyName)),
  getKey: (identity) => calls.perform('identity.getKey', () => service.getKey(identity)),
  getXml: (identity) => calls.perform('identity.getXml', () => service.getXml(identity)),
  export: (identity, password, call) =>
    calls.perform('identity.export', () => service.export(identity, password, call), call),
  import: (xml, password, call) =>
    calls.perform('identity.import', () => service.import(xml, password, call), call),
  createPeerName: (identity, classifier) =>
    calls.perform('identity.createPeerName', () => service.createPeerName(identity, classifier)),
});
