// A warning that nobody reads is a failure waiting: what a test prints as one, fails it.

import { cleanup } from '@testing-library/react';

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  for (const level of ['error', 'warn'] as const) {
    jest.spyOn(console, level).mockImplementation((...parts: unknown[]) => {
      printed.push(`console.${level}: ${parts.map(String).join(' ')}`);
    });
  }
});

afterEach(() => {
  cleanup();
  jest.restoreAllMocks();
  if (printed.length) {
    throw new Error(printed.join('\n\n'));
  }
});
