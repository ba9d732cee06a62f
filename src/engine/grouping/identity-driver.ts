import type { IdentityDriver } from '../../driver/index.js';
import type { IdentityService } from './identity-service.js';
import { perform } from './refusal.js';

/** The identity family of the contract. It needs no start-up: identities exist without any group. */
export const createIdentityDriver = (service: IdentityService): IdentityDriver => ({
  create: (creation, call) => perform('identity.create', () => service.create(creation, call), call),
  delete: (identity) => perform('identity.delete', () => service.delete(identity)),
  getDefault: () => perform('identity.getDefault', () => service.getDefault()),
  enumerate: () => perform('identity.enumerate', () => service.enumerate()),
  enumerateGroups: (identity) => perform('identity.enumerateGroups', () => service.enumerateGroups(identity)),
  getFriendlyName: (identity) => perform('identity.getFriendlyName', () => service.getFriendlyName(identity)),
  setFriendlyName: (identity, friendlyName) =>
    perform('identity.setFriendlyName', () => service.setFriendlyName(identity, friendlyName)),
  getKey: (identity) => perform('identity.getKey', () => service.getKey(identity)),
  getXml: (identity) => perform('identity.getXml', () => service.getXml(identity)),
  export: (identity, password, call) =>
    perform('identity.export', () => service.export(identity, password, call), call),
  import: (xml, password, call) =>
    perform('identity.import', () => service.import(xml, password, call), call),
  createPeerName: (identity, classifier) =>
    perform('identity.createPeerName', () => service.createPeerName(identity, classifier)),
});
