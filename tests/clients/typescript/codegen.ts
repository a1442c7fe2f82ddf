// GraphQL Code Generator as its documentation says, and nothing more: the schema by introspection, our scalars by name.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: process.env.PARTNER_GRAPHQL,
  documents: 'operations/*.graphql',
  importExtension: '.js',
  config: {
    strictScalars: true,
    scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', JSON: 'unknown', Upload: 'File' },
    useTypeImports: true,
  },
  generates: {
    // What the operations use, with their documents, and the list of them that a bureau's service can be started with.
    'src/gql/': {
      preset: 'client',
      config: { documentMode: 'string' },
      presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } },
    },
    // And every type of the schema, as some partners want it.
    'src/schema.ts': { plugins: ['typescript'] },
  },
};

export default config;
