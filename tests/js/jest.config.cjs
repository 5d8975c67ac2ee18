const path = require('node:path');

const jupyterlab = require('@jupyterlab/testing/lib/jest-config');

const root = path.resolve(__dirname, '../..');

/** Packages that are ES modules, which jest runs only after turning them into CommonJS. */
const ES_MODULES = [
  '@codemirror',
  '@jupyter/',
  '@jupyterlab/',
  '@marijn',
  '@microsoft/',
  'color',
  'exenv-es6',
  'lib0',
  'marked',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
];

const base = jupyterlab(root);

/** @type {import('jest').Config} */
module.exports = {
  rootDir: root,
  roots: ['<rootDir>/tests/js'],
  testRegex: '\\.spec\\.tsx?$',
  cacheDirectory: '<rootDir>/.cache/jest',
  moduleFileExtensions: base.moduleFileExtensions,
  moduleNameMapper: base.moduleNameMapper,
  resolver: base.resolver,
  setupFiles: [...base.setupFiles, '<rootDir>/tests/js/environment.ts'],
  setupFilesAfterEnv: ['<rootDir>/tests/js/setup.ts'],
  testEnvironment: base.testEnvironment,
  transform: {
    '\\.svg$': base.transform['\\.svg$'],
    // Types are checked by tsc, once and for everything; here they are only taken away.
    '\\.[jt]sx?$': ['ts-jest', { tsconfig: 'tests/js/tsconfig.jest.json' }]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES.join('|')}))`]
};
