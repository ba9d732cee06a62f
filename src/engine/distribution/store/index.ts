export { openContentStore, type ContentStoreOptions } from './content-store.js';
export { StoreFailure, type StoreFailureCode } from './store-failure.js';
