// Small parts that the card, the sidebar, the run's page and the form share.

export * as environments from './environments';
export * from './holding';
export * from './metricchart';
export * from './now';
export * from './pauses';
export * from './remedy';
export * from './stateicon';
export * from './theme';
export * from './times';
export * from './useloaded';
export * from './usesignal';
export * as words from './words';
