// What the linter holds beyond the recommended rules.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'generated/', 'node_modules/', '.throughline/'] },
  eslint.configs.recommended,
  ...tseslint.configs.recommended,
  {
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' },
    },
    rules: {
      // What is said to people goes through the logger, or to standard output on purpose.
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/graphql/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          'CallExpression[callee.property.name=/^(relation|relatedConnection|relationCount)$/]',
          ':matches(Property[key.name="_count"], MemberExpression[property.name="_count"])',
          'CallExpression[callee.property.name=/^prisma(Field|Connection|Node)$/]',
        ].map((selector) => ({
          selector,
          message:
            'This makes Pothos ask Prisma, which lists, chains and feeds can not afford: resolve it through the operations and loaders.',
        })),
      ],
    },
  },
  { files: ['test/**'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
);
