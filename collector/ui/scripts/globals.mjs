// What modules ask of a browser when they are loaded, for unit tests in Node.
globalThis.matchMedia = () => ({ matches: false, addEventListener: () => undefined });
globalThis.document = { documentElement: { dataset: {} } };
globalThis.localStorage = { getItem: () => null };
