export { createGroupingEngine, type GroupingEngine, type GroupingEngineOptions } from './engine.js';
