export * from './driver/index.js';
