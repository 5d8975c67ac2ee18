import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const JUPYTER = Object.keys(jupyter.rules).map(name => `jupyter/${name}`);
const SCHEMA_RULE = 'jupyter/no-schema-enum';
const jsoncParser = jupyter.configs.recommended.find(({ rules }) => SCHEMA_RULE in rules)
  .languageOptions.parser;

function all(names, severity) {
  return Object.fromEntries(names.map(name => [name, severity]));
}

export default defineConfig(
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['src/**/*.{ts,tsx}', 'tests/js/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, prettier],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { jupyter, 'react-hooks': reactHooks },
    rules: {
      ...all(JUPYTER, 'error'),
      [SCHEMA_RULE]: 'off', // For JSON: below.
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }
      ],
      // Wire types are `type`s, the rest interfaces: house rules, not this one's.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ],
      // Lumino's signals take a method and its `this` apart; jupyter/require-signal-this-arg
      // sees to it that they do.
      '@typescript-eslint/unbound-method': 'off',
      curly: 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error'
    }
  },
  {
    // Only src/api touches the network.
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/api/**'],
    rules: {
      'no-restricted-globals': ['error', 'fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@jupyterlab/services',
              importNames: ['ServerConnection'],
              allowTypeImports: true,
              message: 'Only src/api touches the network.'
            }
          ]
        }
      ]
    }
  },
  {
    // Nobody reads what a test shows, nothing there is loaded at start, and what it makes ends
    // with it.
    files: ['tests/js/**/*.{ts,tsx}'],
    rules: {
      ...all(
        [
          'jupyter/command-described-by',
          'jupyter/command-id-convention',
          'jupyter/no-untranslated-string',
          'jupyter/plugin-description',
          'jupyter/plugin-id-convention',
          'jupyter/prefer-lazy-imports',
          'jupyter/prefer-signal-this-arg',
          'jupyter/require-disposable-ownership',
          'jupyter/require-disposable-transfer',
          'jupyter/require-signal-cleanup',
          'jupyter/require-signal-this-arg',
          '@typescript-eslint/explicit-module-boundary-types',
          '@typescript-eslint/no-non-null-assertion',
          '@typescript-eslint/require-await'
        ],
        'off'
      )
    }
  },
  {
    files: ['src/schema/*.json'],
    plugins: { jupyter },
    languageOptions: { parser: jsoncParser },
    rules: { [SCHEMA_RULE]: 'error' }
  }
);
