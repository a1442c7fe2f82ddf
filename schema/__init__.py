"""GraphQL 接口 the schema: one module per capability, each field with its description and its mapping."""
